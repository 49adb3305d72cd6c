import { setTimeout as sleep } from 'node:timers/promises'
import type { BusyChain } from '../busyChain.ts'
import { median, percentile, slowest } from '../figure.ts'
import { GOLDEN_RATIO } from '../latency.ts'
import { workload } from '../workload.ts'
import { approved, askPage } from './ask.ts'
import { BACKFILL_LIMIT_MS, BACKFILL_POLL_MS } from './backfill.ts'
import { countWrongRows, killAndRestart, measureReorgs, mineFast } from './faults.ts'
import type { LivePeer, Place, Running } from './peer.ts'

const { blocks: BLOCKS, kills: KILLS, rounds: REORGS } = workload.peers
const TORN_SECONDS = 5
const READERS = 4

export type Live = {
  /** Milliseconds from a block to its answer. */
  p50: number
  tail: ReturnType<typeof slowest>
  /** Answers that mix two blocks, and all answers. */
  torn: number
  answers: number
  /** Rows that are lost, wrong or counted twice after kills. */
  wrongRows: number
  /** Milliseconds from a reorg to the answer of the new chain; undefined if there is none within `NEVER_MS`. */
  reorg: number | undefined
}

/** Lets a peer, whose backfill is done, follow the chain. */
export async function measureLive(peer: LivePeer, place: Place): Promise<Live> {
  const { chain } = place
  let running = await peer.start(place)
  try {
    await approved(peer, running, chain.runs(), BACKFILL_LIMIT_MS, BACKFILL_POLL_MS)
    const times = await fromBlockToAnswer(peer, running, chain)
    const seen = await countTorn(peer, running, chain)
    console.log(`  ${seen.torn} of ${seen.answers} answers are torn`)
    for (let kill = 0; kill < KILLS; kill++) running = await killAndRestart(peer, place, running, kill)
    const wrongRows = await countWrongRows(peer, place)
    console.log(`  ${wrongRows} wrong rows`)
    const reorg = await measureReorgs(peer, running, chain, REORGS)
    console.log(`  reorg: ${reorg === undefined ? 'never corrected' : `${Math.round(reorg)} ms`}`)
    return {
      p50: percentile(times, 0.5),
      tail: slowest(times),
      ...seen,
      wrongRows,
      reorg,
    }
  } finally {
    await running.stop()
  }
}

async function fromBlockToAnswer(peer: LivePeer, running: Running, chain: BusyChain): Promise<number[]> {
  const times: number[] = []
  for (let block = 1; block <= BLOCKS; block++) {
    // At any phase of the peer's polling.
    await sleep(150 + peer.pollingMs * ((GOLDEN_RATIO * block) % 1))
    await chain.mineLives(1)
    const minedAt = performance.now()
    times.push((await approved(peer, running, chain.runs())) - minedAt)
  }
  console.log(`  from block to answer: ${Math.round(median(times))} ms`)
  return times
}

/**
 * Reads the newest runs while blocks are indexed. The runs of a block are approved in it and their ids have no gaps, so
 * the total of an answer of one block is the newest id, and each of its runs is approved.
 */
async function countTorn(peer: LivePeer, running: Running, chain: BusyChain) {
  let isOver = false
  let torn = 0
  let answers = 0
  async function read() {
    while (!isOver) {
      const page = await askPage(peer, running.url, 'limit=5', answers % 64)
      if (!page) continue
      answers++
      const isWhole =
        page.total === Number(page.runs[0]?.bountyId) && page.runs.every(({ state }) => state === 'APPROVED')
      if (!isWhole) torn++
    }
  }
  const readers = Array.from({ length: READERS }, read)
  await mineFast(chain, 2, 10 * TORN_SECONDS)
  isOver = true
  await Promise.all(readers)
  await approved(peer, running, chain.runs())
  return { torn, answers }
}
