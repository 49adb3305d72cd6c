import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { manyRuns } from '../../../test/support/manyRuns.ts'
import type { Postgres } from '../../devnet/postgres.ts'
import { createCpuMeter } from '../cpuMeter.ts'
import { changeRuns } from '../livingTables.ts'
import { alternate, type Load, load, type Target } from '../load.ts'
import { startReadsMarket } from '../readsMarket.ts'
import { drawMix, openWithAnyReward } from '../readsMix.ts'
import { workload } from '../workload.ts'
import { ask } from './ask.ts'
import type { Peer, Place } from './peer.ts'
import { ours, type Question, type Questions } from './questions.ts'

export const RUNS = workload.peers.runs

const options = { connections: 10, seconds: workload.peers.seconds }
const MIX_SEED = 1
const WARM_UP_SECONDS = 3 * options.seconds
const CHECKED_LISTS = 50

type Api = { url: string; questions: Questions; pid: number }

export const readFigures = ['same list', 'filtered list', 'mix of lists', 'by id'] as const

export type Reads = Record<(typeof readFigures)[number], Record<string, Load>>

/**
 * Fills each peer's table with the same runs, and reads them through its API, in turn. The indexers do not run.
 * @returns also which process limits the mix of lists.
 * @param failed Called for a peer whose API does not answer, which is then left out.
 */
export async function measureReads(
  postgres: Postgres,
  peers: readonly { peer: Peer; place: Place }[],
  failed: (name: string, error: unknown) => void,
): Promise<{ reads: Reads; bounds: string[] }> {
  await using parts = new AsyncDisposableStack()
  const mix = await drawLists()
  // All before the first changes, which wait for autovacuum.
  for (const { peer, place } of peers) await fill(peer, place)
  const market = await startReadsMarket(postgres, RUNS)
  parts.defer(market.stop)
  const apis: Record<string, Api> = { Runline: { url: market.api.url, questions: ours, pid: market.api.part.pid } }
  for (const { peer, place } of peers) {
    try {
      await change(peer, place)
      const { url, part } = await peer.serve(place)
      parts.defer(part.stop)
      for (const [name, questions] of Object.entries({ [peer.name]: peer.questions, ...peer.others })) {
        const api = { url, questions, pid: part.pid }
        await assertAnswers(api, mix)
        apis[name] = api
      }
    } catch (error) {
      failed(peer.name, error)
    }
  }
  console.log(`Reads of ${RUNS} runs`)
  const askList = (questions: Questions, n: number) => questions.list(mix[n % mix.length] ?? '', n)
  const measure = (ask: Ask) => {
    const targets = Object.entries(apis).map(([name, api]) => [name, targetOf(api, ask)] as const)
    return alternate<string>(Object.fromEntries(targets), options, { rounds: workload.peers.rounds })
  }
  // A connection of ours plans each of the mix's statements once, which takes longer than it runs.
  for (const api of Object.values(apis)) await load(targetOf(api, askList), { ...options, seconds: WARM_UP_SECONDS })
  const reads: Reads = {
    'same list': await measure((questions, n) => questions.list('', n)),
    'filtered list': await measure((questions, n) => questions.list(openWithAnyReward(n), n)),
    'mix of lists': await measure(askList),
    'by id': await measure((questions, n) => questions.run(1 + ((n * 7_919) % RUNS))),
  }
  const bounds: string[] = []
  for (const [name, api] of Object.entries(apis)) {
    const meter = createCpuMeter()
    await meter.during({ API: api.pid, PostgreSQL: postgres.part.pid }, () => load(targetOf(api, askList), options))
    bounds.push(`mix of lists, ${name}: ${meter.shares()}`)
  }
  return { reads, bounds }
}

type Ask = (questions: Questions, n: number) => Question

const targetOf = ({ url, questions }: Api, ask: Ask): Target => ({
  url,
  path: (n) => ask(questions, n).path,
  ...(ask(questions, 0).body !== undefined && { body: (n) => ask(questions, n).body ?? '' }),
})

/** The lists of the reads bench that every peer answers: without cursors, and without "not claimable". */
async function drawLists() {
  const lists = await drawMix(MIX_SEED, async () => ({ totalPages: 40, nextCursor: null }), { areSearched: false })
  return lists.filter((query) => !query.includes('claimable=false'))
}

/** GraphQL reports an error with status 200, which would count as an answer. */
async function assertAnswers({ url, questions }: Api, mix: readonly string[]) {
  for (const query of ['', ...mix.slice(0, CHECKED_LISTS)]) {
    const { status, json } = await ask(url, questions.list(query, 0))
    if (status !== 200) throw new Error(`The list '${query}' answers ${status}`)
    const { runs, total } = questions.page(json)
    const isRight = query === '' ? total === RUNS && runs.length === 20 : total >= runs.length
    if (!isRight) throw new Error(`The list '${query}' answers ${runs.length} runs of ${total}`)
  }
}

/** Replaces the peer's runs by those of the reads bench. */
async function fill({ tables, fill }: Peer, { databaseUrl }: Place) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    // Without triggers that record what a reorg must revert: these runs belong to no block.
    await client.query('SET session_replication_role = replica')
    await client.query(`CREATE TEMP TABLE run (bounty_id int8, poster_address text, ipfs_hash text, reward int8, fee int8,
      deadline int8, state text, claimed_by int8, claimed_by_wallet text, stake int8, deliverable_hash text,
      claimed_at int8, submitted_at int8, ended_at int8, created_at int8, round int, work_period int,
      stake_required int8, evaluator text)`)
    await drizzle(client).execute(manyRuns(RUNS, BigInt(Math.floor(Date.now() / 1_000))))
    await client.query(`TRUNCATE ${tables.run}`)
    await client.query(fill.insert)
  } finally {
    await client.end()
  }
}

/** As those of Runline. */
async function change({ tables, fill }: Peer, { databaseUrl }: Place) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query('SET session_replication_role = replica')
    await changeRuns(client, { table: tables.run, id: fill.id })
  } finally {
    await client.end()
  }
}
