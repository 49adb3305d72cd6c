/**
 * What a claim waits for: when each step of its trace ends, with blocks of a second and of 0.2 s. Claims start evenly spread over
 * the time between two blocks.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { positionOf } from '../../ops/builds/views.ts'
import { connect } from '../../ops/database/connect.ts'
import { newTrace, startCollector } from '../../test/support/otlpCollector.ts'
import { startPostgres } from '../devnet/postgres.ts'
import { type ClaimsMarket, type SignedClaim, withMarket } from './claimsMarket.ts'
import { post, WARM_UP, warmUp } from './claimsTraffic.ts'
import { type Measurement, median } from './figure.ts'
import { spread } from './spread.ts'
import { amount } from './workload.ts'

type Collector = Awaited<ReturnType<typeof startCollector>>

const CLAIMS = amount(200, 40)

/** With blocks of a second, some clients claim at once, because each claim takes a block. */
const LEGS = [
  { blockMs: 1_000, clients: 8 },
  { blockMs: 200, clients: 1 },
]

/** The spans of a claim that meets no other, in their order. */
const SPANS = ['examine', 'wait in the queue', 'simulate', 'sign and store', 'broadcast']
const LAST_SPANS = ['wait for the result', 'read the run']

/** How exactly the times are known at which the node and the index have a block. */
const POLL_MS = 2

export async function measure() {
  const postgres = await startPostgres({ settings: { fsync: 'on', full_page_writes: 'on' } })
  const collector = await startCollector()
  try {
    const measurements: Measurement[] = []
    for (const { blockMs, clients } of LEGS) {
      const options = {
        runs: WARM_UP + CLAIMS,
        replicas: 1,
        blockMs,
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
      }
      const steps = await withMarket(postgres, options, (market) => claimAll(market, collector, blockMs, clients))
      for (const [step, times] of steps) {
        measurements.push({ figure: `${step}, at ${blockMs / 1_000} s blocks`, unit: 'ms', value: median(times) })
      }
    }
    return {
      measurements,
      notes: [`Milliseconds from the start of the request to the end of each step, p50 of ${CLAIMS} claims.`],
    }
  } finally {
    await collector.stop()
    await postgres.stop()
  }
}

/** @returns the times at which each step of the claims has ended. */
async function claimAll(market: ClaimsMarket, collector: Collector, blockMs: number, clients: number) {
  const claims = await market.signAll(WARM_UP + CLAIMS)
  await warmUp(market, claims)
  await using node = watch(async () => market.client.getBlockNumber({ cacheTime: 0 }))
  await using database = await connect(market.databaseUrl)
  await using index = watch(async () => {
    const position = await positionOf(database, 'runline')
    return position?.isConsistent ? BigInt(position.block) : undefined
  })
  const queue = claims.entries()
  const answered: { traceId: string; block: bigint }[] = []

  async function claim(signed: SignedClaim) {
    const { traceId, headers } = newTrace()
    const { status, body } = await post(market.urls[0] ?? '', signed, headers)
    if (status !== 200)
      throw new Error(`The claim of run ${signed.bountyId} is answered ${status}: ${JSON.stringify(body)}`)
    answered.push({ traceId, block: BigInt(body.blockNumber) })
  }

  async function client() {
    for (const [place, signed] of queue) {
      await sleep((blockMs * (spread(place) + 1) - (Date.now() % blockMs)) % blockMs)
      await claim(signed)
    }
  }

  await Promise.all(Array.from({ length: clients }, client))
  const steps = new Map<string, number[]>()
  for (const { traceId, block } of answered) {
    const spans = await collector.collected(traceId)
    const request = spans.find(({ isServer }) => isServer)
    if (!request) throw new Error(`Trace ${traceId} has no span of the server`)
    const endOf = (name: string) => Math.max(...spans.filter((span) => span.name === name).map(({ endMs }) => endMs))
    const ends: [string, number][] = [
      ...SPANS.map((name): [string, number] => [name, endOf(name)]),
      ['the node has the block', node.seenAt(block)],
      ['the index has the block', index.seenAt(block)],
      ...LAST_SPANS.map((name): [string, number] => [name, endOf(name)]),
      ['answer', request.endMs],
    ]
    for (const [step, end] of ends) steps.set(step, [...(steps.get(step) ?? []), end - request.startMs])
  }
  return steps
}

/** Notes when a block is first seen, by the clock of the traces. @param read the latest block. */
function watch(read: () => Promise<bigint | undefined>) {
  const seen: { block: bigint; at: number }[] = []
  let isOver = false
  const watching = (async () => {
    for (; !isOver; await sleep(POLL_MS)) {
      const block = await read()
      if (block !== undefined && block !== seen.at(-1)?.block)
        seen.push({ block, at: performance.timeOrigin + performance.now() })
    }
  })()
  return {
    seenAt(block: bigint): number {
      const found = seen.find((one) => one.block >= block)
      if (!found) throw new Error(`Block ${block} was not seen`)
      return found.at
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      await watching
    },
  }
}
