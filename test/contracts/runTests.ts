// `npm run test:contracts`: runs all tests of the contracts but the invariant campaign, and ends with Forge's exit code.
// Arguments go to Forge, and choose tests instead.
import { globSync } from 'node:fs'
import { execa } from 'execa'

const FORGE = 'tools/toolchain/forge.ts'
/** `npm run test:invariants` runs these. */
const CAMPAIGN = 'test/contracts/invariant/*'

const chosen = process.argv.slice(2)
process.exitCode =
  chosen.length > 0
    ? await forgeTest(chosen)
    : (await forgeTest(['--no-match-path', CAMPAIGN])) || (await checkThatAllRan())

/** Fuzzed tests draw the same each time, so that a failure can be repeated. */
async function forgeTest(args: string[]): Promise<number> {
  const { exitCode = 1 } = await execa({ stdio: 'inherit', reject: false })(process.execPath, [
    FORGE,
    'test',
    '--fuzz-seed',
    '0x1',
    ...args,
  ])
  return exitCode
}

/** With a cache that disagrees with its artifacts, Forge leaves out files, without an error. */
async function checkThatAllRan(): Promise<number> {
  const { stdout } = await execa(process.execPath, [FORGE, 'test', '--list', '--json'])
  const listed = JSON.parse(stdout)
  const left = globSync('test/contracts/**/*.t.sol').filter((file) => !Object.hasOwn(listed, file))
  if (left.length === 0) return 0
  console.error(`Forge left out ${left.join(', ')}: remove out/ and cache/, and run the tests again`)
  return 1
}
