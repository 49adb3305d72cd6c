// Runs `npm ci --dry-run` with the npm of each supported Node and the newest. They disagree on the required content of
// a lockfile: npm before 11.5 requires entries for optional peer dependencies, later versions omit them.
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/** The npm of Node 20, that of Node 22, the last one that requires optional peers, and the newest. */
const npmVersions = ['10.8.2', '10.9.4', '11.3.0', 'latest']

const { workspaces }: { workspaces: string[] } = JSON.parse(await readFile('package.json', 'utf8'))

const directory = await mkdtemp(join(tmpdir(), 'runline-lockfile-'))
try {
  for (const workspace of workspaces) await mkdir(join(directory, workspace))
  const manifests = workspaces.map((workspace) => `${workspace}/package.json`)
  for (const file of ['package.json', 'package-lock.json', ...manifests]) {
    await copyFile(file, join(directory, file))
  }
  // In sequence, because they share npm’s cache.
  for (const version of npmVersions) {
    const { failed, stderr } = await execa(
      'npx',
      ['--yes', `npm@${version}`, 'ci', '--dry-run', '--ignore-scripts', '--no-audit'],
      { cwd: directory, reject: false, stdin: 'ignore', timeout: 120_000 },
    )
    if (!failed) continue
    const reasons = stderr.split('\n').filter((line) => /(Missing|Invalid): /.test(line))
    console.error(`npm ${version} refuses the lockfile:\n${reasons.join('\n') || stderr}`)
    console.error('Set one version of the missing dependency for all packages, with "overrides" in package.json.')
    process.exitCode = 1
  }
} finally {
  await rm(directory, { recursive: true })
}
