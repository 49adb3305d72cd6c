/**
 * Beyond one process: nginx as a cache before two APIs, a primary and three read replicas of which one gets each block half a
 * second late, and a chain with five blocks a second. Counted are what reaches the APIs, how old answers are, and whether any is
 * wrong; also while a replica and an API are killed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { sendTransaction } from 'viem/actions'
import { startFastChain } from '../../test/support/fastChain.ts'
import { startNginx } from '../../test/support/httpCaches.ts'
import type { MarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { type Agent, participantsOf, usdc } from '../../test/support/participants.ts'
import { waitForIndex } from '../../test/support/waitForIndex.ts'
import { accountOf, keyOf, roles } from '../devnet/accounts.ts'
import { type Api, startApi } from '../devnet/api.ts'
import { callOf } from '../devnet/call.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'
import { startIndexer } from '../devnet/indexer.ts'
import { startPostgres } from '../devnet/postgres.ts'
import { type Standby, startStandby } from '../devnet/standby.ts'
import { startCachedLoad } from './cachedLoad.ts'
import { createCpuMeter } from './cpuMeter.ts'
import { claimLatencies } from './fastClaims.ts'
import { type Measurement, percentile } from './figure.ts'
import { type Readings, readLists, watchIndex } from './scaleReaders.ts'
import { isQuick } from './workload.ts'

const LISTS = 100
const REQUESTS_PER_SECOND = 10_000
const LOAD_SECONDS = isQuick ? 10 : 40
const KILL_SECONDS = 12
const CLAIMS = isQuick ? 4 : 12
const CONNECTIONS = 100
/** Answers take 5 ms on average, because some wait for another connection's request to the API. */
const PAUSE_MS = 4
const WARM_UP_SECONDS = 2

/** Readers of each kind, beside the load. */
const READERS = 3
const READER_INTERVAL_MS = 50

const LATE_REPLICA_MS = 500
const HISTORY_SECONDS = 20
const DAY_SECONDS = 86_400n

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const primary = await startPostgres({ settings: { fsync: 'on' } })
  parts.defer(primary.stop)
  const runIds: bigint[] = []
  let agent: Agent | undefined
  const chain = await startFastChain({
    history: HISTORY_SECONDS,
    async prepare(market) {
      const people = participantsOf(market)
      agent = await people.newAgent(accountOf(2), 1_000n * usdc)
      await people.fund(poster, market.market.address, 1_000_000n * usdc)
      for (let run = 0; run < 4 * CLAIMS + 8; run++) runIds.push(await people.openRun(usdc, 10n * DAY_SECONDS))
    },
    fillBlock: postRun,
  })
  parts.defer(chain.stop)
  await chain.start()
  const databaseUrl = await primary.createDatabase()
  const indexer = await startIndexer({ ...chain, databaseUrl })
  parts.defer(indexer.stop)
  await waitForIndex(databaseUrl, (await chain.client.getBlock()).number, 60_000)
  const replicas: Standby[] = []
  for (const delay of ['0', '0', `${LATE_REPLICA_MS}ms`]) {
    const replica = await startStandby(primary, { recovery_min_apply_delay: delay })
    parts.defer(replica.stop)
    replicas.push(replica)
  }
  const DATABASE_READ_URL = replicas.map((replica) => replica.urlOf(databaseUrl)).join()
  const env = { DATABASE_READ_URL, TRUST_PROXY: '1' }
  const apis: Api[] = []
  for (const key of [keyOf(roles.relayer), keyOf(4)]) {
    const api = await startApi({ ...chain, databaseUrl, relayerKey: key, env })
    parts.defer(api.stop)
    apis.push(api)
  }
  const nginx = await startNginx(apis.map(({ port }) => port))
  parts.defer(nginx.stop)
  const index = await watchIndex(databaseUrl)
  parts.defer(index.stop)
  if (!agent) throw new Error('The market has no agent')
  const claiming = { chain, apiUrl: nginx.url, agent }
  const third = runIds.length / 2
  const meter = createCpuMeter()

  async function underLoad<Result>(seconds: number, work: () => Promise<Result>) {
    const load = startCachedLoad({
      url: nginx.url,
      lists: LISTS,
      connections: CONNECTIONS,
      pauseMs: PAUSE_MS,
      seconds: WARM_UP_SECONDS + seconds,
    })
    await sleep(1_000 * WARM_UP_SECONDS)
    const ending = new AbortController()
    const reader = (usesMinBlock: boolean) =>
      readLists({
        url: nginx.url,
        index,
        lists: LISTS,
        usesMinBlock,
        intervalMs: READER_INTERVAL_MS,
        signal: ending.signal,
      })
    const plain = Promise.all(Array.from({ length: READERS }, () => reader(false)))
    const exact = Promise.all(Array.from({ length: READERS }, () => reader(true)))
    const before = await requestsAt(apis)
    const startedAt = performance.now()
    const pids = { nginx: nginx.pid, load: load.pid, indexer: indexer.part.pid, Anvil: chain.part.pid }
    const [result] = await meter.during(pids, () => Promise.all([work(), sleep(1_000 * seconds)]))
    const tookSeconds = (performance.now() - startedAt) / 1_000
    if (tookSeconds > seconds + WARM_UP_SECONDS / 2)
      throw new Error(`The work took ${tookSeconds} s, and the load beside it ${seconds} s`)
    const asked = await requestsAt(apis)
    ending.abort()
    const readers = { plain: await plain, exact: await exact }
    const answered = await load.ended
    return { result, readers, answered, origin: asked - before, tookSeconds }
  }

  console.log('Claims without a load')
  const alone = await claimLatencies({ ...claiming, runIds: runIds.slice(0, third), variant: '' })
  console.log(`${REQUESTS_PER_SECOND} requests a second for ${LISTS} lists`)
  const busy = await underLoad(LOAD_SECONDS, () =>
    claimLatencies({ ...claiming, runIds: runIds.slice(third), variant: '' }),
  )
  console.log('The same, while a replica and an API are killed')
  const killed = await underLoad(KILL_SECONDS, async () => {
    await sleep(2_000)
    const crashed = replicas[0]?.crash()
    await sleep(3_000)
    process.kill(apis[1]?.part.pid ?? 0, 'SIGKILL')
    await crashed
  })

  const all = [busy, killed].flatMap(({ readers }) => [...readers.plain, ...readers.exact])
  const exact = [busy, killed].flatMap(({ readers }) => readers.exact)
  const ofExact = busy.readers.exact.reduce((sum, { readings }) => sum + readings.length, 0)
  const ages = all.flatMap(({ readings }) => readings.map(({ ageMs }) => ageMs))
  const claimed = { alone: alone[0]?.value ?? Number.NaN, busy: busy.result[0]?.value ?? Number.NaN }
  const measurements: Measurement[] = [
    {
      figure: `requests of ${CONNECTIONS} connections for ${LISTS} lists, through nginx`,
      unit: 'rps',
      value: busy.answered.rps,
      goal: { atLeast: REQUESTS_PER_SECOND },
    },
    {
      figure: 'of which reach an API',
      unit: 'rps',
      value: (busy.origin - ofExact) / busy.tookSeconds,
      goal: { atMost: 2 * LISTS },
    },
    { figure: 'age of an answer, p50', unit: 'ms', value: percentile(ages, 0.5) },
    { figure: 'age of an answer, oldest', unit: 'ms', value: Math.max(...ages), goal: { atMost: 2_700 } },
    {
      figure: 'answers below their minBlock',
      unit: 'answers',
      value: exact.reduce((sum, { belowMinBlock }) => sum + belowMinBlock, 0),
      goal: { atMost: 0 },
    },
    {
      figure: `answers of ${ages.length} that differ from the chain at their block`,
      unit: 'answers',
      value: await countWrong(chain, all),
      goal: { atMost: 0 },
    },
    {
      figure: 'errors without a kill',
      unit: 'answers',
      value: [...busy.readers.plain, ...busy.readers.exact].reduce((sum, { errors }) => sum + errors, 0),
      goal: { atMost: 0 },
    },
    {
      figure: 'longest time with errors, while a replica and an API are killed',
      unit: 'ms',
      value: Math.max(...all.map(({ longestOutageMs }) => longestOutageMs)),
      goal: { atMost: 2_000 },
    },
    {
      figure: 'a claim beside the load, p50',
      unit: 'ms',
      value: claimed.busy,
      baseline: claimed.alone,
      goal: { ratioAtMost: 1.3 },
    },
  ]
  const failed = [busy, killed].map(({ answered }) => answered.failed).join(', then ')
  return { measurements, notes: [`Requests of the load without an answer of 200: ${failed}.`, meter.shares()] }
}

/** Posts a run in each block. */
const poster = accountOf(3).address
let posted = 0

async function postRun({ client, market }: MarketOnAnvil) {
  const deadline = BigInt(Math.floor(Date.now() / 1_000)) + DAY_SECONDS
  const call = callOf(poster, market, 'postBounty', [`ipfs://scale-${++posted}`, usdc, deadline, defaultTerms])
  await sendTransaction(client, { account: poster, to: call.to, data: call.data, gas: 500_000n, chain: null })
}

/** How many reads of lists the APIs have been asked for; one that does not answer has none. */
async function requestsAt(apis: readonly Api[]): Promise<number> {
  const texts = apis.map(({ opsUrl }) =>
    fetch(`${opsUrl}/metrics`).then(
      (response) => response.text(),
      () => '',
    ),
  )
  const counts = (await Promise.all(texts)).flatMap((text) => [
    ...text.matchAll(/^http_request_duration_seconds_count{method="GET",route="\/api\/runs",.*} (\d+)$/gm),
  ])
  return counts.reduce((sum, [, requests]) => sum + Number(requests), 0)
}

/** How many answers have another number of runs than the chain had at their block. */
async function countWrong({ market }: MarketOnAnvil, readers: readonly Readings[]): Promise<number> {
  const runsAt = new Map<number, number>()
  let wrong = 0
  for (const { block, total } of readers.flatMap(({ readings }) => readings)) {
    if (!runsAt.has(block)) runsAt.set(block, Number(await market.read.bountyCount({ blockNumber: BigInt(block) })))
    if (runsAt.get(block) !== total) wrong++
  }
  return wrong
}
