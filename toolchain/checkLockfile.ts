// Runs `npm ci` without installing anything, with the npm of each supported Node and the newest. They disagree on what a
// lockfile has to contain: npm before 11.5 wants entries for optional peer dependencies, later versions leave them out.
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/** Ships with Node 20, ships with Node 22, the last that wants optional peers, and whatever is the newest. */
const npmVersions = ['10.8.2', '10.9.4', '11.3.0', 'latest']

const directory = await mkdtemp(join(tmpdir(), 'runline-lockfile-'))
try {
  for (const file of ['package.json', 'package-lock.json']) await copyFile(file, join(directory, file))
  // One after another: npm’s own cache is shared.
  for (const version of npmVersions) {
    const { failed, stderr } = await execa(
      'npx',
      ['--yes', `npm@${version}`, 'ci', '--dry-run', '--ignore-scripts', '--no-audit'],
      { cwd: directory, reject: false, stdin: 'ignore', timeout: 120_000 },
    )
    if (!failed) continue
    const reasons = stderr.split('\n').filter((line) => /(Missing|Invalid): /.test(line))
    console.error(`npm ${version} refuses the lockfile:\n${reasons.join('\n') || stderr}`)
    console.error('Let every package accept one version of the missing dependency, with "overrides" in package.json.')
    process.exitCode = 1
  }
} finally {
  await rm(directory, { recursive: true })
}
