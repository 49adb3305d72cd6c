// `npm run gameday`: a market with a standby and two APIs meets the faults of PostgreSQL and of clocks, one after the other,
// while agents claim and readers read. Prints what they met, and exits with 1 if a bound was missed.
import { appendFileSync, mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { reasonOf } from '../../core/describeError.ts'
import { auditOnce } from '../../test/support/auditOnce.ts'
import { findDisorder, readLedger } from '../../test/support/claimLedger.ts'
import { accountOf, roles } from '../devnet/accounts.ts'
import { buildContracts } from '../devnet/buildContracts.ts'
import { stopAllProcesses } from '../devnet/managedProcess.ts'
import { type Claims, startClaims } from './claims.ts'
import { faults } from './faults.ts'
import { type Market, startMarket } from './market.ts'
import { play } from './play.ts'
import { countClaims, missedBounds, type Played, type Report, reportTable } from './report.ts'
import { watchMarket } from './watch.ts'

const INTERRUPTED = 130

const HELP = `npm run gameday [-- --only <fault>] [--logs <directory>]

Starts a market on this machine, as production runs it: PostgreSQL, an indexer and its standby, two APIs that relay claims. Agents
claim and readers read while it causes these faults one after the other, each once the market has recovered from the one before:

${faults.map(({ name, summary }) => `${name.padEnd(12)} ${summary}`).join('\n')}

Then it audits the tables, and compares what the agents were answered with the chain. Takes four to seven minutes. No live deployment is
touched. For the full disk it must be root on Linux.

--only   a fault; may be repeated
--logs   where the log of each process is written

Exit codes: 0 all bounds are met, 1 one is missed, 130 interrupted. docs/runbook.md says what the report means.`

const start = performance.now()
const progress = (line: string) =>
  console.log(`${((performance.now() - start) / 1_000).toFixed(1).padStart(6)} s  ${line}`)

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    logs: { type: 'string' },
    help: { type: 'boolean' },
  },
})

/** The faults that `--only` names, or all. @throws if there is none of a name. */
function chosenFaults() {
  const unknown = values.only?.find((name) => faults.every((fault) => fault.name !== name))
  if (unknown !== undefined) {
    throw new Error(
      `--only ${unknown}: there is no such fault. There are: ${faults.map(({ name }) => name).join(', ')}`,
    )
  }
  return faults.filter(({ name }) => values.only?.includes(name) ?? true)
}

function writeLog(process: string, line: string) {
  if (values.logs) appendFileSync(`${values.logs}/${process.replace(' ', '')}.log`, `${line}\n`)
}

/** @returns whether all bounds are met. */
async function run(): Promise<boolean> {
  const chosen = chosenFaults()
  if (values.logs) mkdirSync(values.logs, { recursive: true })
  progress('Builds the contracts, and starts the market')
  await buildContracts()
  const market = await startMarket(writeLog)
  const { chain, agents, postgres, hosts } = market
  const urls = hosts.map(({ url }) => url)
  const watch = watchMarket({ client: chain.client, urls, postgresUrl: postgres.url })
  const claims = startClaims(chain, agents, urls)
  const played: Played[] = []
  for (const fault of chosen) {
    progress(`${fault.name}: ${fault.summary}`)
    const result = await play({ market, claims, watch }, fault)
    played.push(result)
    progress(`${fault.name}: ${[result.did, ...result.failures].join('. ')}`)
    if (!result.isRecovered) break
  }
  progress('Waits for the last claims')
  await claims.stop()
  await watch.stop()
  progress('Compares tables and claims with the chain')
  const report = await compareWithChain(market, claims, played)
  const untried = chosen.slice(played.length).map(({ name }) => name)
  const isPassed = print({ ...report, untried })
  await market.stop()
  return isPassed
}

/** Compares tables and claims with the chain. */
async function compareWithChain(
  { chain, databaseUrl, auditUrl }: Market,
  claims: Claims,
  played: readonly Played[],
): Promise<Omit<Report, 'untried'>> {
  const env = {
    DATABASE_URL: auditUrl,
    CHAIN_ID: String(chain.chainId),
    RPC_URL: chain.rpcUrl,
    DEPLOYMENTS_DIR: chain.deploymentsDirectory,
  }
  const { stdout, stderr, exitCode } = await auditOnce(env, chain.client)
  const ledger = await readLedger({ ...chain, databaseUrl }, [accountOf(roles.relayer).address])
  const claimed = ledger.claimed.map(({ args }) => args)
  return {
    rows: played.map((each) => {
      return {
        ...each,
        claims: countClaims(
          claims.all.filter(({ during }) => during === each.fault),
          claimed,
        ),
      }
    }),
    audit: (stdout || stderr).trim().split('\n').at(-1) ?? '',
    isAuditClean: exitCode === 0,
    disorder: findDisorder(ledger),
  }
}

/** @returns whether all bounds are met. */
function print(report: Report): boolean {
  const missed = missedBounds(report)
  console.log(`\n${reportTable(report.rows)}

readers: the longest time without an answer to reads, beside the time in which PostgreSQL did not answer. claims: the longest time
without a claim that is won. slowest: the longest time to the answer of a claim. lag: the most that an answer was behind the chain.
audit: ${report.audit}\n`)
  for (const each of missed) console.log(`MISSED  ${each}`)
  console.log(missed.length === 0 ? 'All bounds are met' : `${missed.length} bounds are missed`)
  return missed.length === 0
}

const interrupted = Promise.withResolvers<number>()
// `on`, not `once`: a Ctrl-C in a terminal arrives twice, once through npm.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    console.log(`\n${signal}: ending all processes`)
    interrupted.resolve(INTERRUPTED)
  })
}

if (values.help) {
  console.log(HELP)
} else {
  const ended = run().then(
    (isPassed) => (isPassed ? 0 : 1),
    (error) => {
      console.error(reasonOf(error))
      return 1
    },
  )
  const code = await Promise.race([interrupted.promise, ended])
  await stopAllProcesses()
  // The guard of this process removes its files, and unmounts its disk.
  process.exit(code)
}
