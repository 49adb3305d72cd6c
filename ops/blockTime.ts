import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { PublicClient } from 'viem'
import { measureBlockTimeMs, SHORTEST_BLOCK_TIME_MS, UNUSUAL_FACTOR } from '../core/node/blockTime.ts'
import { unfinalBlocks } from '../core/node/finality.ts'
import { ponderVariables } from '../core/ponderVariables.ts'
import { exitForRestart } from './database/restart.ts'

/** How long the first measurement may delay a start. It takes eleven requests, ten of them at once. */
const MEASURE_TIMEOUT_MS = 3_000

/** Milliseconds between two looks at the latest block, and between two measurements: while blocks come as before, and else. */
const LOOK_MS = 5_000
const USUAL_MS = 3_600_000
const UNUSUAL_MS = 20_000

/** The time that polls expect between blocks until it is measured: that of a fast rollup. */
const EXPECTED_BLOCK_TIME_MS = 200

/** Ponder counts at least as many blocks as not final. */
const LEAST_BLOCKS = 30

/** A time by which more blocks were made within the window is no error of timestamps, which are whole seconds. */
const TOLERANCE = 1.5

export type Decision = { leastBlocks: number; measuredMs: number | undefined }

type Options = { chain: PublicClient; windowSeconds: number; logger: Logger }

/**
 * Tells Ponder which blocks are not final, and the transport how often to poll. A chain whose time between blocks is unknown, as
 * where it is young, has changed its speed, or its node does not answer soon, has as many blocks as the fastest chain.
 * @returns how many blocks are not final, and the time that was measured, if it was.
 */
export async function decideByBlockTime({ chain, windowSeconds, logger }: Options): Promise<Decision> {
  const late = sleep(MEASURE_TIMEOUT_MS).then(() => {
    throw new Error(`The node did not answer within ${MEASURE_TIMEOUT_MS} ms`)
  })
  const measuredMs = await Promise.race([measureBlockTimeMs(chain), late]).catch((err: unknown) => {
    logger.warn({ err }, 'Cannot measure the time between blocks')
    return undefined
  })
  const leastBlocks = unfinalBlocks(measuredMs ?? SHORTEST_BLOCK_TIME_MS, windowSeconds)
  process.env[ponderVariables.unfinalBlocks] = String(leastBlocks)
  process.env[ponderVariables.blockTimeMs] = String(measuredMs ?? EXPECTED_BLOCK_TIME_MS)
  logger.info({ blockTimeMs: measuredMs && Math.round(measuredMs), leastBlocks }, 'Decided by the time between blocks')
  return { leastBlocks, measuredMs }
}

/**
 * Follows the time between blocks while the chain is indexed. Polls follow it at once. Ponder reads the number of blocks that are
 * not final at its start alone: where the window has more by now, this ends the process.
 */
export async function followBlockTime({ chain, windowSeconds, logger }: Options, decided: Decision): Promise<never> {
  let before: { number: bigint; timestamp: bigint } | undefined
  let knownMs = decided.measuredMs ?? Number.POSITIVE_INFINITY
  let measuredAt = performance.now()
  let lastMs = Number.POSITIVE_INFINITY

  const endIfShorter = (blockTimeMs: number) => {
    if (unfinalBlocks(TOLERANCE * blockTimeMs, windowSeconds) > Math.max(decided.leastBlocks, LEAST_BLOCKS))
      exitForRestart(logger, 'Blocks come faster than this process can revert', { blockTimeMs, ...decided })
  }

  async function look() {
    const earlier = before
    before = await chain.getBlock()
    const blocks = Number(before.number - (earlier ?? before).number)
    if (!earlier || blocks <= 0) return
    const seconds = Number(before.timestamp - earlier.timestamp)
    const recentMs = Math.max(SHORTEST_BLOCK_TIME_MS, (1_000 * seconds) / blocks)
    // Twice, because blocks that are made at once come from a reorg too.
    endIfShorter(Math.max(recentMs, lastMs))
    lastMs = recentMs
    const isUsual = recentMs < UNUSUAL_FACTOR * knownMs && UNUSUAL_FACTOR * recentMs > knownMs
    if (performance.now() - measuredAt < (isUsual ? USUAL_MS : UNUSUAL_MS)) return
    measuredAt = performance.now()
    knownMs = (await measureBlockTimeMs(chain)) ?? recentMs
    endIfShorter(knownMs)
    process.env[ponderVariables.blockTimeMs] = String(knownMs)
  }

  for (;;) {
    await sleep(LOOK_MS, undefined, { ref: false })
    await look().catch((err: unknown) => logger.warn({ err }, 'Cannot measure the time between blocks'))
  }
}
