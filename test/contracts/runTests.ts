// `npm run test:contracts`: runs all tests and checks that short campaigns reached what they must. Ends with Forge's exit
// code, or with 1 if anything not listed as rare never happened. Arguments go to Forge, and choose tests instead.
import { spawnSync } from 'node:child_process'
import { createReadStream, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { RARE, tallyReport } from './invariant/tallyReport.ts'

/** Fixed, so that a failure can be repeated. */
const SEED = 1

const FORGE = 'toolchain/forge.ts'

/** Run separately: beside other suites Forge draws other calls, and not the same each time. */
const CAMPAIGN = 'InvariantsTest'

/**
 * Forge draws also what it finds in the files that it has just compiled, so a seed does not always reach the same. What
 * one campaign misses, the next seed's may reach.
 */
const MAX_CAMPAIGNS = 5

const chosen = process.argv.slice(2)
if (chosen.length > 0) {
  process.exitCode = forgeTest(chosen)
} else {
  process.exitCode = forgeTest(['--no-match-contract', CAMPAIGN]) || (await runCampaigns()) || checkThatAllRan()
}

/** With a cache that disagrees with its artifacts, Forge leaves out files, without an error. */
function checkThatAllRan(): number {
  const list = [FORGE, 'test', '--list', '--json']
  const listed = JSON.parse(spawnSync(process.execPath, list, { encoding: 'utf8' }).stdout)
  const left = globSync('test/contracts/**/*.t.sol').filter((file) => !Object.hasOwn(listed, file))
  if (left.length === 0) return 0
  console.error(`Forge left out ${left.join(', ')}: remove out/ and cache/, and run the tests again`)
  return 1
}

function forgeTest(args: string[], seed = SEED, env: Record<string, string> = {}): number {
  const all = [FORGE, 'test', '--fuzz-seed', `0x${seed.toString(16)}`, ...args]
  const { status } = spawnSync(process.execPath, all, { stdio: 'inherit', env: { ...process.env, ...env } })
  return status ?? 1
}

async function runCampaigns(): Promise<number> {
  const path = `cache/tally/${process.pid}.txt`
  mkdirSync('cache/tally', { recursive: true })
  writeFileSync(path, '')
  try {
    let unmet: string[] = []
    for (let seed = SEED; seed < SEED + MAX_CAMPAIGNS; seed++) {
      const status = forgeTest(['--match-contract', CAMPAIGN], seed, { TALLY: path })
      if (status !== 0) return status
      const { missing } = await tallyReport(createInterface({ input: createReadStream(path) }))
      unmet = missing.filter((what) => !RARE.includes(what))
      if (unmet.length === 0) return 0
      console.log(`The campaigns up to random seed ${seed} have not reached: ${unmet.join(', ')}`)
    }
    console.error(`${MAX_CAMPAIGNS} campaigns never reached: ${unmet.join(', ')}`)
    return 1
  } finally {
    rmSync(path)
  }
}
