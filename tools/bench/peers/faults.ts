import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { BusyChain } from '../busyChain.ts'
import { median } from '../figure.ts'
import { GOLDEN_RATIO } from '../latency.ts'
import { approved, missing } from './ask.ts'
import type { LivePeer, Place, Running } from './peer.ts'

const REORG_DEPTH = 5

/** How long after a reorg the next block follows: some peers see a reorg only then. */
const BLOCK_AFTER_REORG_MS = 1_000

/** A peer that has not corrected its answer by then counts as one that never does. */
const NEVER_MS = 20_000

/** Mines a block every 100 ms. */
export async function mineFast(chain: BusyChain, lives: number, blocks: number): Promise<void> {
  let due = performance.now()
  for (let block = 0; block < blocks; block++) {
    await chain.mineLives(lives)
    due += 100
    await sleep(Math.max(0, due - performance.now()))
  }
}

/** Kills the indexer while it indexes, and starts it again. @param kill How many kills preceded. */
export async function killAndRestart(peer: LivePeer, place: Place, running: Running, kill: number): Promise<Running> {
  const mining = mineFast(place.chain, 5, 15)
  // Each kill at another moment of a batch.
  await sleep(730 + 35 * kill)
  // The group: a peer's command may index in a child process.
  process.kill(-running.indexer.pid, 'SIGKILL')
  await mining
  await running.stop()
  const restarted = await peer.start(place)
  try {
    await approved(peer, restarted, place.chain.runs())
    return restarted
  } catch (error) {
    await restarted.stop()
    throw error
  }
}

/**
 * Compares the tables with the chain, where every run is approved, and its agent completed it once.
 * @returns how many rows are missing, too many, in another state or counted twice.
 */
export async function countWrongRows({ tables }: LivePeer, { chain, databaseUrl }: Place): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query(`
    SELECT (SELECT count(*) FROM ${tables.run}) AS runs,
      (SELECT count(*) FROM ${tables.run} WHERE state = 'APPROVED') AS approved,
      (SELECT sum(completions) FROM ${tables.agent}) AS completions`)
  await client.end()
  const differences = Object.values(rows[0]).map((count) => Math.abs(Number(count) - chain.runs()))
  return differences.reduce((sum, difference) => sum + difference, 0)
}

/** @returns the milliseconds from a reorg to an answer without a run that it removed; undefined without one. */
export async function measureReorgs(
  peer: LivePeer,
  running: Running,
  chain: BusyChain,
  repeats: number,
): Promise<number | undefined> {
  const times: number[] = []
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (let block = 0; block < REORG_DEPTH; block++) await chain.mineLives(1)
    const last = chain.runs()
    await approved(peer, running, last)
    await sleep(150 + peer.pollingMs * ((GOLDEN_RATIO * repeat) % 1))
    const corrected = missing(peer, running, last, NEVER_MS)
    const begin = await chain.reorg(REORG_DEPTH)
    const stop = goOn(chain)
    const at = await corrected
    await stop()
    if (at === undefined) return undefined
    times.push(at - begin)
  }
  return median(times)
}

/** Mines an empty block every second. @returns a function that stops it. */
function goOn({ client }: BusyChain) {
  const over = new AbortController()
  const mining = (async () => {
    while (!over.signal.aborted) {
      await sleep(BLOCK_AFTER_REORG_MS, undefined, { signal: over.signal }).catch(() => {})
      if (!over.signal.aborted) await client.mine({ blocks: 1 })
    }
  })()
  return async () => {
    over.abort()
    await mining
  }
}
