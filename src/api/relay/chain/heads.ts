import { setTimeout as sleep } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import { type Hash, type Hex, numberToHex, type PublicClient } from 'viem'
import type { Endpoints } from '../../../../core/node/endpoints.ts'
import { reuseResult } from '../../../../core/reuseResult.ts'
import { unlessUnavailable } from '../refusal.ts'
import { answer } from './client.ts'

/** The node's latest block. Timestamp in seconds, fee in wei. */
export type ChainHead = {
  number: bigint
  hash: Hex
  timestamp: bigint
  baseFeePerGas: bigint
  gasLimit: bigint
  /** The highest block that any endpoint had shown when the read of this head began. A node that is behind lacks it. */
  highest: bigint
}

export type Heads = ReturnType<typeof createHeads>

/**
 * Reads the chain's head. All callers share one read per interval, and there are no reads without callers.
 * @param interval in milliseconds.
 */
export function createHeads(client: PublicClient, { highestBlock }: Pick<Endpoints, 'highestBlock'>, interval: number) {
  let current: { startedAt: number; head: Promise<ChainHead> } | undefined

  function read() {
    const reading = { startedAt: performance.now(), head: fetchHead(client, BigInt(highestBlock())) }
    current = reading
    const forget = () => {
      if (current === reading) current = undefined
    }
    reading.head.then(() => setTimeout(forget, interval).unref(), forget)
    return reading
  }

  /** The latest block, by a read that is at most one interval old. */
  const latest = () => (current ?? read()).head

  return {
    latest,

    /**
     * The latest block, by a read that started at `time` or later. So it is not older than what the caller saw before.
     * @param time by `performance.now()`.
     */
    async since(time: number): Promise<ChainHead> {
      while (current && current.startedAt < time) await sleep(Math.min(interval, SINCE_INTERVAL_MS))
      return latest()
    },

    /** Makes the next caller read the head again. */
    expire() {
      current = undefined
    },

    /** Waits for a latest block other than `known`. @returns undefined if there is none until `signal` aborts. */
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

/** How soon `since` checks whether the known head has expired. */
const SINCE_INTERVAL_MS = 5

async function fetchHead(client: PublicClient, highest: bigint): Promise<ChainHead> {
  const { number, hash, timestamp, baseFeePerGas, gasLimit } = await answer(client.getBlock({ blockTag: 'latest' }))
  if (baseFeePerGas === null) throw new Error('The chain has no EIP-1559 fees; the relay sends no other transactions.')
  return { number, hash, timestamp, baseFeePerGas, gasLimit, highest }
}

/** @returns undefined if the node does not have the block. */
export async function hashOfBlock(client: PublicClient, number: bigint): Promise<Hex | undefined> {
  const params: [Hex, false] = [numberToHex(number), false]
  const block = await answer(client.request({ method: 'eth_getBlockByNumber', params }))
  return block?.hash ?? undefined
}

/** The most answers in such a cache. Beyond it, the least recently used one is dropped. */
const MAX_ENTRIES = 10_000

/** Caches each answer until the head changes. Failures are not cached. */
export function oncePerHead<Key extends bigint | string, T, Rest extends unknown[]>(
  read: (key: Key, ...rest: Rest) => Promise<T>,
) {
  const known = new LRUCache<Key, { head: Hash; value: Promise<T> }>({ max: MAX_ENTRIES })
  return (head: Hash, key: Key, ...rest: Rest): Promise<T> => {
    const entry = known.get(key)
    if (entry?.head === head) return entry.value
    const value = read(key, ...rest)
    known.set(key, { head, value })
    value.catch(() => known.delete(key))
    return value
  }
}

/** How long the node's answer is reused. Finality is minutes behind the head, so a few seconds do not matter. */
const FINAL_BLOCK_LIFETIME_MS = 1_000

/** The node's latest finalized block; undefined if the node does not support it. */
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
