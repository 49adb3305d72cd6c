// `npm run test:contracts`: runs all tests and checks that short campaigns reached what they must. Ends with Forge's exit
// code, or with 1 if anything not listed as rare never happened. Arguments go to Forge, and choose tests instead.
import { createReadStream, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { RARE, tallyReport } from './invariant/tallyReport.ts'

/** Fixed, so that a failure can be repeated. */
const SEED = 1

const FORGE = 'tools/toolchain/forge.ts'

/** Run by a process of its own: beside other suites Forge draws other calls, and not the same each time. */
const CAMPAIGN = 'InvariantsTest'

/** What one campaign misses, the next seed's may reach. */
const MAX_CAMPAIGNS = 8

const chosen = process.argv.slice(2)
if (chosen.length > 0) {
  process.exitCode = await forgeTest(chosen)
} else {
  // Together, so that the tests, which run side by side, compile nothing.
  const { exitCode = 1 } = await execa({ stdio: 'inherit', reject: false })(process.execPath, [FORGE, 'build'])
  process.exitCode = exitCode || (await runAll()) || (await checkThatAllRan())
}

async function runAll(): Promise<number> {
  const [others, campaigns] = await Promise.all([forgeTest(['--no-match-contract', CAMPAIGN]), runCampaigns()])
  return others || campaigns
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

/** Prints the output once the tests have ended, because other tests run at the same time. */
async function forgeTest(args: string[], seed = SEED, env: Record<string, string> = {}): Promise<number> {
  const all = [FORGE, 'test', '--fuzz-seed', `0x${seed.toString(16)}`, ...args]
  const { stdout, stderr, exitCode = 1 } = await execa({ env, reject: false })(process.execPath, all)
  console.log(`${stdout}\n${stderr}`.trim())
  return exitCode
}

async function runCampaigns(): Promise<number> {
  const path = `cache/tally/${process.pid}.txt`
  mkdirSync('cache/tally', { recursive: true })
  writeFileSync(path, '')
  try {
    let unmet: string[] = []
    for (let seed = SEED; seed < SEED + MAX_CAMPAIGNS; seed++) {
      const status = await forgeTest(['--match-contract', CAMPAIGN], seed, { TALLY: path })
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
