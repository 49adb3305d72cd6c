import { setTimeout as sleep } from 'node:timers/promises'
import type { Hex, PublicClient } from 'viem'
import { answer } from './client.ts'

/** The newest block that the node has. Timestamp in seconds, fee in wei. */
export type ChainHead = { number: bigint; hash: Hex; timestamp: bigint; baseFeePerGas: bigint; gasLimit: bigint }

export type Heads = {
  /** The newest block, at most one interval old. */
  latest(): Promise<ChainHead>
  /** There may be another: what was seen is not used any more. */
  expire(): void
  /**
   * The newest block once it is another than `known`.
   * @returns undefined if there is none until `signal` aborts.
   */
  after(known: ChainHead, signal: AbortSignal): Promise<ChainHead | undefined>
}

/**
 * Looks at the chain's head for everyone who waits for it: however many wait, the node is asked once per interval, and
 * not at all while nobody does.
 * @param interval Milliseconds.
 */
export function createHeads(client: PublicClient, interval: number): Heads {
  let look: Promise<ChainHead> | undefined

  const latest = () => {
    look ??= fetchHead(client).then(keep, forget)
    return look
  }

  function keep(head: ChainHead) {
    setTimeout(() => {
      look = undefined
    }, interval).unref()
    return head
  }

  function forget(failure: unknown): never {
    look = undefined
    throw failure
  }

  return {
    latest,
    expire() {
      look = undefined
    },
    async after(known, signal) {
      while (!signal.aborted) {
        const head = await latest()
        if (head.hash !== known.hash) return head
        await sleep(interval)
      }
      return undefined
    },
  }
}

async function fetchHead(client: PublicClient): Promise<ChainHead> {
  const { number, hash, timestamp, baseFeePerGas, gasLimit } = await answer(client.getBlock({ blockTag: 'latest' }))
  if (baseFeePerGas === null) throw new Error('The chain has no EIP-1559 fees; the relay sends no other transactions.')
  return { number, hash, timestamp, baseFeePerGas, gasLimit }
}
