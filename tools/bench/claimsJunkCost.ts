import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startPostgres } from '../devnet/postgres.ts'
import { startRpcProxy } from '../simulation/faults/rpcProxy.ts'
import { agents, type Leg, type LegOptions, warmUp } from './claimsLeg.ts'
import { signAll, withMarket } from './claimsMarket.ts'
import { claimThroughApi } from './claimsTraffic.ts'
import { junkRequests } from './junkRequests.ts'
import { startLoad, statusesOf } from './startLoad.ts'

const junk = { count: 1_500, addresses: 50 }
const CONNECTIONS = 256
const LOAD_LIMIT_SECONDS = 120

/** How long the API's idle work is counted. */
const IDLE_MS = 5_000

/** Work of the API within this time after the last answer counts too. */
const AFTERMATH_MS = 500

/** The API's own database role, so that PostgreSQL counts its statements separately from the indexer's. */
const ROLE = 'counted_api'

type Counts = Map<string, number>

/** How many RPC calls and database statements a junk claim causes in the API, beyond those of an idle API. */
export function junkCostLeg({ say }: LegOptions): Leg {
  let rpcCalls: Counts = new Map()
  let statements: Counts = new Map()
  let answers = ''

  async function round() {
    say(`RPC calls and database statements of ${junk.count} junk claims`)
    await using counting = await startCounting()
    const { postgres, between, observe } = counting
    const options = { mining: 'automine' as const, runs: warmUp + 1, agents, replicas: 1 }
    await withMarket(postgres, { ...options, env: { TRUST_PROXY: '1' }, between }, async (market) => {
      const [honest, ...others] = (await signAll(market, warmUp + 1)).toReversed()
      if (!honest) throw new Error('The market has no runs')
      await claimThroughApi(market, others, 1)
      const requests = await junkRequests(market, junk, honest.bountyId, honest.agentId)
      using load = await startLoad({
        url: market.urls[0] ?? '',
        connections: CONNECTIONS,
        requests,
        most: requests.length,
        seconds: LOAD_LIMIT_SECONDS,
      })
      await sleep(AFTERMATH_MS)
      const idle = await observe(() => sleep(IDLE_MS))
      const busy = await observe(async () => {
        await load.begin()
        answers = statusesOf([await load.ended])
        await sleep(AFTERMATH_MS)
      })
      const share = busy.milliseconds / idle.milliseconds
      rpcCalls = difference(busy.calls, idle.calls, share)
      statements = difference(busy.statements, idle.statements, share)
    })
  }

  function result() {
    const perClaim = (counts: Counts) => [...counts.values()].reduce((sum, count) => sum + count, 0) / junk.count
    const list = (counts: Counts) =>
      [...counts]
        .toSorted(([, a], [, b]) => b - a)
        .slice(0, 8)
        .filter(([, count]) => count >= 1)
        .map(([name, count]) => `\n  ${Math.round(count)} × ${name}`)
        .join('')
    return {
      measurements: [
        { figure: 'RPC calls per junk claim', unit: 'calls', value: perClaim(rpcCalls) },
        { figure: 'database statements per junk claim', unit: 'statements', value: perClaim(statements) },
      ],
      notes: [
        `junk cost: ${junk.count} junk claims from ${junk.addresses} addresses were answered ${answers}. No goal: the honest claims beside junk have one. Their RPC calls:${list(rpcCalls)}`,
        `junk cost: their database statements, BEGIN and COMMIT included:${list(statements)}`,
      ],
    }
  }

  return { round, result }
}

/** Starts a PostgreSQL that counts statements, and proxies that count RPC calls. */
async function startCounting() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: { shared_preload_libraries: 'pg_stat_statements' } })
  parts.defer(postgres.stop)
  const statistics = new pg.Client({ connectionString: postgres.url })
  await statistics.connect()
  parts.defer(() => statistics.end())
  await statistics.query('CREATE EXTENSION pg_stat_statements')
  await statistics.query(`CREATE ROLE ${ROLE} SUPERUSER LOGIN PASSWORD '${ROLE}'`)
  const calls: Counts = new Map()
  const kept = parts.move()
  return {
    postgres,

    /** Replaces the API's node and database URLs by ones whose calls are counted. */
    async between({ rpcUrl, databaseUrl }: { rpcUrl: string; databaseUrl: string }) {
      const proxy = await startRpcProxy(rpcUrl, ({ method }) => {
        calls.set(method, (calls.get(method) ?? 0) + 1)
        return undefined
      })
      kept.defer(proxy.stop)
      const counted = new URL(databaseUrl)
      counted.username = ROLE
      counted.password = ROLE
      return { rpcUrl: proxy.url, databaseUrl: counted.href }
    },

    /** Counts calls and statements while `work` runs, and measures how long it runs. */
    async observe(work: () => Promise<unknown>) {
      const callsBefore = new Map(calls)
      const statementsBefore = await countStatements(statistics)
      const start = performance.now()
      await work()
      return {
        milliseconds: performance.now() - start,
        calls: difference(calls, callsBefore, 1),
        statements: difference(await countStatements(statistics), statementsBefore, 1),
      }
    },

    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** How often the API has run each statement. */
async function countStatements(statistics: pg.Client): Promise<Counts> {
  const { rows } = await statistics.query<{ statement: string; calls: number }>(
    `SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 100) AS statement, sum(calls)::float8 AS calls
     FROM pg_stat_statements WHERE userid = $1::regrole GROUP BY statement`,
    [ROLE],
  )
  return new Map(rows.map(({ statement, calls }) => [statement, calls]))
}

/** `more` minus `share` times `less`, at least zero. */
function difference(more: Counts, less: Counts, share: number): Counts {
  return new Map([...more].map(([name, count]) => [name, Math.max(0, count - share * (less.get(name) ?? 0))]))
}
