import { type Address, type ContractFunctionParameters, concat, hexToBytes, type PublicClient, size } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import { unavailable } from '../refusal.ts'
import { answer } from './client.ts'
import type { Market } from './market.ts'

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

/**
 * EVM code that reads the addresses behind it, and returns a byte for each: 1 if the address has code, else 0.
 * The stack holds the place of the result and the offset of the address.
 */
const codeFlags = concat([
  '0x6000602d', // place = 0, offset = 45, the length of this code
  '0x5b', // 4, the loop:
  '0x38811015602857', // to 40 unless offset < CODESIZE
  '0x601481600c39', // copies 20 bytes from the offset into the low bytes of the word at 0
  '0x6000513b1515', // whether the EXTCODESIZE of that word is not 0
  '0x8260200153', // stores the byte at 32 + place
  '0x601401', // offset += 20
  '0x9060010190', // place += 1
  '0x600456', // to 4
  '0x5b', // 40, the end:
  '0x506020f3', // returns `place` bytes from 32
])

/** At 2,700 gas and 20 bytes each, far below what nodes allow a call. */
const MAX_ADDRESSES = 500

/**
 * Creates a function that reads whether an address has code at the latest block. Concurrent calls share one `eth_call`,
 * because viem takes a third of a millisecond for each `eth_getCode`. The call has no target, so it needs no contract.
 * No address can make it fail. The function throws a Refusal RELAY_UNAVAILABLE.
 */
export function createCodeReader({ client }: Pick<Market, 'client'>, waitForCall: () => Promise<void>) {
  return createBatcher(
    async (addresses: readonly Address[]) => {
      await waitForCall()
      const { data = '0x' } = await answer(client.call({ data: concat([codeFlags, ...addresses]) }))
      if (size(data) !== addresses.length) {
        throw unavailable(`The chain’s node returns ${size(data)} bytes for ${addresses.length} wallets.`)
      }
      const flags = hexToBytes(data)
      return addresses.map((_, place) => flags[place] === 1)
    },
    { maxSize: MAX_ADDRESSES, slowAfterMs: SLOW_AFTER_MS },
  )
}
