import { startIndexer } from '../devnet/indexer.ts'
import type { ManagedProcess } from '../devnet/managedProcess.ts'
import type { BusyChain } from './busyChain.ts'
import type { CpuMeter } from './cpuMeter.ts'
import { startPonderApp } from './ponderApp.ts'

/** Milliseconds that a backfill took until the handlers had filled the tables, and until readers could see them. */
export type Backfill = { handled: number; served: number }

/** Long enough for a slow machine. */
const BACKFILL_TIMEOUT_MS = 1_200_000

type Start = (options: {
  databaseUrl: string
  chain: BusyChain
  onLine: (line: string) => void
}) => Promise<ManagedProcess>

/** The market's indexer, as in production. */
export const ours: Start = async ({ databaseUrl, chain, onLine }) => {
  const { part } = await startIndexer({ ...chain, databaseUrl, onLine })
  return part
}

/** A Ponder app on the same contracts and events that only inserts each event. */
export const plain: Start = async (options) =>
  (await startPonderApp({ folder: 'tools/bench/plainIndexer', command: 'start', schema: 'plain', ...options })).part

/**
 * Runs an indexer, on a database without its tables, until its log says that it has caught up with the chain.
 * @param meter adds up the CPU use of the indexer and of `pids`, from when the indexer has started.
 */
export async function backfill(
  start: Start,
  databaseUrl: string,
  chain: BusyChain,
  { meter, pids }: { meter: CpuMeter; pids: Record<string, number> },
): Promise<Backfill> {
  const { promise, resolve, reject } = Promise.withResolvers<Backfill>()
  let begin: number | undefined
  let handled: number | undefined
  const indexer = await start({
    databaseUrl,
    chain,
    onLine(line) {
      const now = performance.now()
      if (line.includes('"msg":"Started backfill indexing"')) begin = now
      if (line.includes('"msg":"Completed backfill indexing across all chains"')) handled = now
      if (!line.includes('"msg":"Started returning 200 responses","endpoint":"/ready"')) return
      if (begin === undefined || handled === undefined) reject(new Error('The indexer is ready but logged no backfill'))
      else resolve({ handled: handled - begin, served: now - begin })
    },
  })
  const tooLong = new Error(`A backfill took longer than ${BACKFILL_TIMEOUT_MS} ms`)
  const timer = setTimeout(() => reject(tooLong), BACKFILL_TIMEOUT_MS)
  try {
    return await meter.during({ ...pids, indexer: indexer.pid }, () => promise)
  } finally {
    clearTimeout(timer)
    await indexer.stop()
  }
}
