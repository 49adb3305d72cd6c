import { setTimeout as sleep } from 'node:timers/promises'
import type { BusyChain } from '../busyChain.ts'
import { createCpuMeter } from '../cpuMeter.ts'
import { approved } from './ask.ts'
import type { LivePeer, Place } from './peer.ts'

export const BACKFILL_LIMIT_MS = 300_000
/** Seldom, so that the questions do not slow the backfill. */
export const BACKFILL_POLL_MS = 50

export type Backfill = {
  /** Events a second. */
  backfill: number
  /** How many events a block of the chain has, of the blocks that have any. */
  eventsOfBlock: number
  /** How much CPU each process uses during the backfill. */
  bound: string
}

/** Lets a peer index the chain from its first block, and stops it. */
export async function measureBackfill(peer: LivePeer, place: Place, postgresPid: number): Promise<Backfill> {
  const { chain } = place
  await peer.prepare?.(place)
  const begun = Promise.withResolvers<number>()
  const { events, eventsOfBlock } = await countEvents(chain)
  const running = await peer.start(place, (line) => peer.begins.test(line) && begun.resolve(performance.now()))
  try {
    const { indexer } = running
    const pids = { indexer: indexer.pid, Anvil: chain.part.pid, PostgreSQL: postgresPid }
    const meter = createCpuMeter()
    const handled = await meter.during(pids, () =>
      approved(peer, running, chain.runs(), BACKFILL_LIMIT_MS, BACKFILL_POLL_MS),
    )
    const backfill = (1_000 * events) / (handled - (await within(begun.promise, 1_000)))
    console.log(`  backfill of ${events} events: ${Math.round(backfill)} events/s`)
    return { backfill, eventsOfBlock, bound: meter.shares() }
  } finally {
    await running.stop()
  }
}

/** @throws if the promise is not resolved in time. */
function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  const late = sleep(milliseconds, undefined, { ref: false }).then(() => {
    throw new Error('The indexer did not log that it begins')
  })
  return Promise.race([promise, late])
}

/** The logs of the two contracts that every peer indexes, read in ranges that viem accepts the size of. */
async function countEvents({ client, deployment: { contracts } }: BusyChain) {
  const address = [contracts.BountyMarket, contracts.AgentStaking]
  const head = await client.getBlockNumber()
  let events = 0
  const blocks = new Set<bigint>()
  for (let fromBlock = 0n; fromBlock <= head; fromBlock += LOG_BLOCKS) {
    const toBlock = fromBlock + LOG_BLOCKS - 1n
    const logs = await client.getLogs({ address, fromBlock, toBlock: toBlock < head ? toBlock : head })
    events += logs.length
    for (const { blockNumber } of logs) blocks.add(blockNumber)
  }
  return { events, eventsOfBlock: events / blocks.size }
}

const LOG_BLOCKS = 50n
