import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Hex, PublicClient } from 'viem'
import { reuseResult } from '../../reuseResult.ts'
import { answer, unlessUnavailable } from './client.ts'

/** The newest block that the node has. Timestamp in seconds, fee in wei. */
export type ChainHead = { number: bigint; hash: Hex; timestamp: bigint; baseFeePerGas: bigint; gasLimit: bigint }

export type Heads = ReturnType<typeof createHeads>

/**
 * Reads the chain's head for all callers: the node is asked once per interval, however many wait, and not at all while
 * none does.
 * @param interval Milliseconds.
 */
export function createHeads(client: PublicClient, interval: number) {
  let current: { startedAt: number; head: Promise<ChainHead> } | undefined

  function read() {
    const reading = { startedAt: performance.now(), head: fetchHead(client) }
    current = reading
    const forget = () => {
      if (current === reading) current = undefined
    }
    reading.head.then(() => setTimeout(forget, interval).unref(), forget)
    return reading
  }

  /** The newest block, at most one interval old. */
  const latest = () => (current ?? read()).head

  return {
    latest,

    /**
     * The newest block by a read that began at `time` or later, so that it shows whatever its caller saw before.
     * @param time by `performance.now()`.
     */
    async since(time: number): Promise<ChainHead> {
      while (current && current.startedAt < time) await sleep(Math.min(interval, SINCE_INTERVAL_MS))
      return latest()
    },

    /** The next caller reads the head anew. */
    expire() {
      current = undefined
    },

    /** The newest block once it is another than `known`; undefined if there is none until `signal` aborts. */
    async after(known: ChainHead, signal: AbortSignal): Promise<ChainHead | undefined> {
      while (!signal.aborted) {
        const head = await latest()
        if (head.hash !== known.hash) return head
        await sleep(interval)
      }
      return undefined
    },
  }
}

/** How soon `since` looks whether the known head has expired. */
const SINCE_INTERVAL_MS = 5

async function fetchHead(client: PublicClient): Promise<ChainHead> {
  const { number, hash, timestamp, baseFeePerGas, gasLimit } = await answer(client.getBlock({ blockTag: 'latest' }))
  if (baseFeePerGas === null) throw new Error('The chain has no EIP-1559 fees; the relay sends no other transactions.')
  return { number, hash, timestamp, baseFeePerGas, gasLimit }
}

/** How long the node's answer is used. Finality is minutes behind. Milliseconds. */
const FINAL_BLOCK_LIFETIME_MS = 1_000

/** The newest block that the node calls final; undefined where it does not say. */
export type FinalBlock = () => Promise<bigint | undefined>

export const createFinalBlock = (client: PublicClient, logger: Logger): FinalBlock =>
  reuseResult(FINAL_BLOCK_LIFETIME_MS, async () => {
    try {
      return (await answer(client.getBlock({ blockTag: 'finalized' }))).number
    } catch (error) {
      unlessUnavailable(error)
      logger.warn({ err: error }, 'the node does not say which block is final')
      return undefined
    }
  })
