import type { ContractFunctionParameters, PublicClient } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import { answer } from './client.ts'

/** The most reads of one `eth_call`: the call deploys what reads them, and EIP-3860 bounds its data to 48 kB. */
const MOST_READS = 100

/** A view of a contract that reverts for no arguments: all reads of a call would fail. */
export type Read = Omit<ContractFunctionParameters, 'stateMutability'>

/** A batch counts as running until the node has answered: batches that wait for their call would be more and more. */
export const SLOW_AFTER_MS = 5_000

/**
 * Creates a function that reads a view of a contract for requests that cost their clients nothing.
 * Concurrent reads share an `eth_call`. It throws a Refusal RELAY_UNAVAILABLE.
 * @param waitForCall waits until the node may be asked.
 */
export function createSharedReads(client: PublicClient, waitForCall: () => Promise<void>, maxSize = MOST_READS) {
  return createBatcher(
    async (contracts: readonly Read[]): Promise<readonly unknown[]> => {
      await waitForCall()
      return answer(client.multicall({ contracts, allowFailure: false, deployless: true, batchSize: 0 }))
    },
    { maxSize, slowAfterMs: SLOW_AFTER_MS },
  )
}

export type SharedReads = ReturnType<typeof createSharedReads>
