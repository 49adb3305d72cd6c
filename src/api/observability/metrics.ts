import { setTimeout as sleep } from 'node:timers/promises'
import type { Context, Next } from 'hono'
import { routePath } from 'hono/route'
import type pg from 'pg'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { unlessProblem } from '../http/errors.ts'
import type { IndexReader } from '../index/reader.ts'
import type { Streams } from '../stream/streams.ts'
import { addGauge } from './gauge.ts'

/** Creates a registry with the metrics of this process. */
export function createMetrics(index: IndexReader, readPool: pg.Pool): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  addPoolGauges(registry, readPool)
  addIndexGauges(registry, index)
  return registry
}

export type RequestTimer = ReturnType<typeof createRequestTimer>

/** Times requests by route pattern, so that ids in paths do not multiply the time series. */
export function createRequestTimer(registry: Registry) {
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer, by method, route pattern and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers: [registry],
  })
  const problems = new Counter({
    name: 'http_problems_total',
    help: 'Refusals and failures, by method, route pattern and problem code.',
    labelNames: ['method', 'route', 'code'] as const,
    registers: [registry],
  })
  const cached = new Counter({
    name: 'http_cached_answers_total',
    help: 'Reads that the response cache answered, by route pattern.',
    labelNames: ['route'] as const,
    registers: [registry],
  })
  return {
    /** Times a request, and counts its problem, or that the cache answered it. */
    async middleware(c: Context, next: Next) {
      const start = performance.now()
      await next()
      const { method } = c.req
      const route = c.get('cachedResponse')?.route ?? routePath(c)
      const code = c.get('problem')
      duration.observe({ method, route, status: c.res.status }, (performance.now() - start) / 1_000)
      if (c.get('isRepeated')) cached.inc({ route })
      if (code) problems.inc({ method, route, code })
    },
  }
}

/** Adds the streams of this process to the registry. */
export function measureStreams(registry: Registry, streams: Pick<Streams, 'figures'>) {
  addGauge(registry, 'streams_open', 'Open streams of changes.', streams.figures.open)
  new Counter({
    name: 'stream_events_total',
    help: 'Events sent on all streams.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(streams.figures.sent())
    },
  })
  new Counter({
    name: 'streams_ended_total',
    help: 'Streams that have ended, by reason; GONE if the client has disconnected.',
    labelNames: ['reason'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const [reason, count] of streams.figures.ended) this.inc({ reason }, count)
    },
  })
}

function addPoolGauges(registry: Registry, pool: pg.Pool) {
  new Gauge({
    name: 'read_pool_connections',
    help: 'Connections of the read pool, and requests waiting for one.',
    labelNames: ['state'] as const,
    registers: [registry],
    collect() {
      this.set({ state: 'busy' }, pool.totalCount - pool.idleCount)
      this.set({ state: 'idle' }, pool.idleCount)
      this.set({ state: 'waiting' }, pool.waitingCount)
    },
  })
}

/** A scrape must not wait for a connection of the read pool: then it would fail where its other figures are needed most. */
const HEAD_TIMEOUT_MS = 1_000

const late = () => sleep(HEAD_TIMEOUT_MS, undefined, { ref: false })

function addIndexGauges(registry: Registry, index: IndexReader) {
  type State = Awaited<ReturnType<IndexReader['readHead']>>
  const add = (name: string, help: string, read: (state: State) => number) =>
    addGauge(registry, name, help, async () =>
      read(await Promise.race([index.readHead().catch(unlessProblem), late()])),
    )
  add('index_head_block', 'The last indexed block; NaN if none can be read.', (state) =>
    state ? Number(state.snapshot.number) : Number.NaN,
  )
  add(
    'index_whole',
    '1 while reads are answered; 0 while the index replays blocks, is empty or cannot be read.',
    (state) => (state?.isCurrent ? 1 : 0),
  )
}
