/** Streams of changes: the time from a block until the last of many streams has its change, memory and idle CPU. */
import { fork } from 'node:child_process'
import { on, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { startPostgres } from '../devnet/postgres.ts'
import { cpuSeconds } from './cpuMeter.ts'
import { type Measurement, percentile, slowest } from './figure.ts'
import { type LargeMarket, startLargeMarket } from './largeMarket.ts'
import { autovacuumSettings } from './livingTables.ts'
import { isQuick, workload } from './workload.ts'

const blocks = workload.streamBlocks
const sizes = [1, 1_000, 10_000].filter((streams) => streams <= workload.streams)
const runs = 1_000

/** The indexer's polling interval, over which the blocks are spread. */
const POLLING_MS = 100
/** Longer than a delivery to the most streams. */
const BLOCK_TIME_MS = 600
const BARE_INTERVAL_MS = 250
const BARE_ROUNDS = isQuick ? 10 : 30
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2

/** How long the streams are idle while the CPU time is measured: two heartbeats, or a part of one. */
const IDLE_MS = isQuick ? 2_000 : 30_000

export type ReadersOrder = { port: number; streams: number }

/** An order to `bareStreams.ts`: to send the event of a block to all its sockets. */
export type BareOrder = { block: number }

/** When the last stream had the block, in milliseconds of the machine's monotonic clock. */
export type Delivery = { block: number; at: number }

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: autovacuumSettings })
  parts.defer(postgres.stop)
  const market = await startLargeMarket(postgres, runs)
  parts.defer(market.stop)
  const measurements: Measurement[] = []
  let one: Delays | undefined
  for (const streams of sizes) {
    console.log(`${streams} streams`)
    const leg = await measureLeg(market, streams)
    one ??= leg
    const named = streams === 1 ? 'one stream' : `${streams.toLocaleString('en-US')} streams`
    measurements.push(
      { figure: `block to last delivery, ${named}, p50`, unit: 'ms', value: leg.p50, baseline: one.p50 },
      {
        figure: `block to last delivery, ${named}, ${leg.tail.name}`,
        unit: 'ms',
        value: leg.tail.value,
        baseline: one.tail.value,
        ...(streams > 1 && { goal: { ratioAtMost: 2 } }),
      },
      { figure: `CPU of the API without changes, ${named}`, unit: '% of a core', value: leg.idle },
    )
    if (streams > 1) measurements.push({ figure: `memory per stream, ${named}`, unit: 'kB', value: leg.kilobytes })
  }
  const streams = Math.max(...sizes)
  const bare = await measureBare(streams)
  const named = `one event to ${streams.toLocaleString('en-US')} bare sockets`
  measurements.push(
    { figure: `${named}, p50`, unit: 'ms', value: bare.p50 },
    { figure: `${named}, ${bare.tail.name}`, unit: 'ms', value: bare.tail.value },
  )
  return { measurements, notes: [note] }
}

const note =
  'With many streams the figures are bound by the writes to their sockets: the bare sockets show what those take on ' +
  'this machine in a process that does nothing else, with the same readers.'

type Delays = ReturnType<typeof delaysOf>

const delaysOf = (times: readonly number[]) => ({ p50: percentile(times, 0.5), tail: slowest(times) })

async function measureLeg(market: LargeMarket, streams: number) {
  const { pid } = market.api.part
  const before = await kilobytesOf(pid)
  const { deliveries, stop } = await openReaders({ port: market.api.port, streams })
  try {
    const kilobytes = ((await kilobytesOf(pid)) - before) / streams
    const idle = await idleShare(pid)
    const times: number[] = []
    const begin = performance.now()
    for (let block = 1; block <= blocks; block++) {
      const due = begin + BLOCK_TIME_MS * block + POLLING_MS * ((GOLDEN_RATIO * block) % 1)
      await sleep(Math.max(0, due - performance.now()))
      await market.chain.mineLives(1)
      const minedAt = Number(process.hrtime.bigint()) / 1e6
      const { value } = await deliveries.next()
      const [{ at }] = value as [Delivery]
      times.push(at - minedAt)
    }
    return { ...delaysOf(times), kilobytes, idle }
  } finally {
    await stop()
    // The API notices that the streams have ended.
    await sleep(2_000)
  }
}

/** The time from an order to write until the last reader has the bytes, where the server does nothing else. */
async function measureBare(streams: number) {
  const server = fork(new URL('bareStreams.ts', import.meta.url), { execArgv: [] })
  const [port] = (await once(server, 'message')) as [number]
  const { deliveries, stop } = await openReaders({ port, streams })
  const times: number[] = []
  for (let block = 1; block <= BARE_ROUNDS; block++) {
    await sleep(BARE_INTERVAL_MS)
    const orderedAt = Number(process.hrtime.bigint()) / 1e6
    server.send({ block } satisfies BareOrder)
    const { value } = await deliveries.next()
    const [{ at }] = value as [Delivery]
    times.push(at - orderedAt)
  }
  await stop()
  server.kill('SIGKILL')
  return delaysOf(times)
}

/** Starts the process that holds the streams, and opens them. */
async function openReaders(order: ReadersOrder) {
  const readers = fork(new URL('streamReaders.ts', import.meta.url), { execArgv: [] })
  readers.on('exit', (code) => {
    if (code) throw new Error(`The readers ended with exit code ${code}`)
  })
  const deliveries = on(readers, 'message')
  readers.send(order)
  await deliveries.next()
  return {
    deliveries,
    async stop() {
      readers.removeAllListeners('exit').kill('SIGKILL')
      await once(readers, 'exit')
    },
  }
}

async function kilobytesOf(pid: number): Promise<number> {
  const { stdout } = await execa('ps', ['-o', 'rss=', '-p', String(pid)])
  return Number(stdout)
}

/** @returns percent of a core. */
async function idleShare(pid: number): Promise<number> {
  const used = async () => (await cpuSeconds({ api: pid })).get('api') ?? Number.NaN
  const before = await used()
  await sleep(IDLE_MS)
  return (100 * 1_000 * ((await used()) - before)) / IDLE_MS
}
