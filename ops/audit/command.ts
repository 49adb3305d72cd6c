// `npm run audit`: compares what the API serves with the chain, once or by a timer.
import { parseArgs } from 'node:util'
import { getAddress } from 'viem'
import { readDeployment } from '../../core/deployment.ts'
import { reasonOf } from '../../core/describeError.ts'
import { parseEnv } from '../../core/env.ts'
import { createLogger } from '../../core/logger.ts'
import { createChainClient } from '../../core/node/chainClient.ts'
import { audit, auditSettings } from './audit.ts'
import { parseInterval } from './interval.ts'
import { createProgress } from './progress.ts'
import { auditRepeatedly } from './repeatedly.ts'
import { countReserves } from './reserves.ts'

const DIFFERENT = 1
const NOT_COMPARED = 2

const HELP = `npm run audit [-- --once | --every <interval> | --reserves [--rpc <url>] [--market <address>] [--block <number>]]

Compares what the API serves with the chain. It copies the tables, in one transaction, into a schema of its own in
DATABASE_URL, compares the copy with the contracts and their logs at the copy's block, waits until that block is
finalized, and prints each difference and a line such as "0 differences in 7 runs, 5 agents at block 1234".
The next audit removes the copy of one that did not end.
The node (the first of RPC_URL) must keep the state of the copy's block until the audit ends; a long audit needs an archive node.

--once, the default, ends after one audit, as cron needs. --every 1h (s, m, h, d) audits again that long after each audit's
end, until SIGTERM, and has the results as metrics on AUDIT_PORT.

--reserves needs no database: it counts from the logs what market and staking contract owe, and prints it beside what they
hold, as GET /api/market/reserves does, at the latest block or at --block. --rpc names another node than RPC_URL, --market a
market that is not in DEPLOYMENTS_DIR.

Exit codes: 0 no differences, or no deficit; 1 differences, or a deficit; 2 could not compare.
Environment: ${auditSettings.join(', ')}; --every also AUDIT_PORT, AUDIT_HOST, LOG_LEVEL.`

const progress = createProgress(process.stderr)

async function auditOnce(): Promise<number> {
  const { differences, compared, block } = await audit(parseEnv(auditSettings, process.env), progress)
  const { events, runs, agents, payees, counts } = compared
  progress.line(`Also compared: ${events} events, ${payees} payees, ${counts} counts`)
  for (const difference of differences) console.log(difference)
  const counted = `${differences.length} difference${differences.length === 1 ? '' : 's'}`
  console.log(`${counted} in ${runs} runs, ${agents} agents at block ${block}`)
  return differences.length === 0 ? 0 : DIFFERENT
}

/** Prints the reserves, as counted from the logs alone. */
async function auditReserves({ rpc, market, block: number }: { rpc?: string; market?: string; block?: string }) {
  const env = parseEnv(['RPC_URL', 'DEPLOYMENTS_DIR'], { ...process.env, ...(rpc !== undefined && { RPC_URL: rpc }) })
  const chain = createChainClient(env.RPC_URL[0], { cacheTime: 0 })
  const known = market === undefined ? readDeployment(await chain.getChainId(), env.DEPLOYMENTS_DIR) : undefined
  const address = known?.contracts.BountyMarket ?? getAddress(String(market))
  const block = await chain.getBlock(number === undefined ? {} : { blockNumber: BigInt(number) })
  const reserves = await countReserves(chain, address, BigInt(known?.startBlock ?? 0), block)
  const asJson = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)
  console.log(JSON.stringify({ ...reserves, block: { number: Number(block.number), hash: block.hash } }, asJson, 2))
  return reserves.market.surplus < 0n || reserves.staking.surplus < 0n ? DIFFERENT : 0
}

async function auditByTimer(every: string) {
  const intervalMs = parseInterval(every)
  const env = parseEnv([...auditSettings, 'AUDIT_PORT', 'AUDIT_HOST', 'LOG_LEVEL'], process.env)
  const logger = createLogger({ level: env.LOG_LEVEL, rpcUrls: env.RPC_URL })
  await auditRepeatedly({ env, intervalMs, logger })
}

try {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean' },
      every: { type: 'string' },
      reserves: { type: 'boolean' },
      rpc: { type: 'string' },
      market: { type: 'string' },
      block: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.once && values.every !== undefined) throw new Error('--once and --every exclude each other: remove one')
  if (values.help) console.log(HELP)
  else if (values.reserves) process.exitCode = await auditReserves(values)
  else if (values.every !== undefined) await auditByTimer(values.every)
  else process.exitCode = await auditOnce()
} catch (error) {
  progress.line(reasonOf(error))
  process.exitCode = NOT_COMPARED
}
