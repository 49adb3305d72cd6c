// Runs `npm ci --dry-run` with the npm of each supported Node and the newest. They disagree on the required content of
// a lockfile: npm before 11.5 requires entries for optional peer dependencies, later versions omit them. None may print
// a warning: a newcomer could not tell which of them matter.
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'

/** The npm of Node 20, that of Node 22, the last one that requires optional peers, and the newest. */
const npmVersions = ['10.8.2', '10.9.4', '11.3.0', 'latest']

const { workspaces }: { workspaces: string[] } = JSON.parse(await readFile('package.json', 'utf8'))

/** The machine's Node, as in a new clone, instead of the lockfile's. Its version decides which packages npm warns of. */
const machinePath = process.env.PATH?.split(delimiter)
  .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
  .join(delimiter)

const directory = await mkdtemp(join(tmpdir(), 'runline-lockfile-'))
try {
  for (const workspace of workspaces) await mkdir(join(directory, workspace), { recursive: true })
  const manifests = workspaces.map((workspace) => `${workspace}/package.json`)
  for (const file of ['.npmrc', 'package.json', 'package-lock.json', ...manifests]) {
    await copyFile(file, join(directory, file))
  }
  // In sequence, because they share npm’s cache.
  for (const version of npmVersions) {
    const { failed, stderr, shortMessage } = await execa(
      'npx',
      ['--yes', `npm@${version}`, 'ci', '--dry-run', '--ignore-scripts', '--no-audit'],
      // In idle time beside tests it takes many times as long as alone.
      { cwd: directory, env: { PATH: machinePath }, reject: false, stdin: 'ignore', timeout: 900_000 },
    )
    const warnings = stderr.split('\n').filter((line) => /^npm warn/i.test(line))
    if (!failed && warnings.length === 0) continue
    process.exitCode = 1
    if (!failed) {
      console.error(`npm ${version} prints warnings, which .npmrc should hide:\n${warnings.join('\n')}`)
      continue
    }
    const reasons = stderr.split('\n').filter((line) => /(Missing|Invalid): /.test(line))
    if (reasons.length === 0) {
      console.error(`npm ${version} could not check the lockfile: ${shortMessage}\n${stderr}`)
      continue
    }
    console.error(`npm ${version} refuses the lockfile:\n${reasons.join('\n')}`)
    console.error('Set one version of the missing dependency for all packages, with "overrides" in package.json.')
  }
} finally {
  await rm(directory, { recursive: true })
}
