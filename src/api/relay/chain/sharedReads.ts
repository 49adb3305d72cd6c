import type { ContractFunctionParameters, PublicClient } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import { answer } from './client.ts'

/** The most reads of one `eth_call`: the call deploys what reads them, and EIP-3860 bounds its data to 48 kB. */
const MOST_READS = 100

/** How far apart the calls start, in milliseconds: ten a second, whatever is asked. A read that is alone waits for none. */
export const READ_INTERVAL_MS = 100

/** A view of a contract that reverts for no arguments: all reads of a call would fail. */
type Read = Omit<ContractFunctionParameters, 'stateMutability'>

/**
 * Creates a function that reads a view of a contract for requests that cost their clients nothing.
 * Concurrent reads share an `eth_call`. It throws a Refusal RELAY_UNAVAILABLE.
 */
export function createSharedReads(
  client: PublicClient,
  { maxSize = MOST_READS, blockTag = 'latest' }: { maxSize?: number; blockTag?: 'latest' | 'pending' } = {},
) {
  return createBatcher(
    (reads: readonly Read[]): Promise<readonly unknown[]> =>
      answer(client.multicall({ contracts: reads, allowFailure: false, deployless: true, batchSize: 0, blockTag })),
    { maxSize, intervalMs: READ_INTERVAL_MS },
  )
}

export type SharedReads = ReturnType<typeof createSharedReads>
