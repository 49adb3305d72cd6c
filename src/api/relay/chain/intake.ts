import { type Address, type ContractFunctionParameters, concat, hexToBytes, type PublicClient, size } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { createBatcher } from '../../../../core/batcher.ts'
import { createFairLane } from '../../../../core/fairLane.ts'
import { createCallRate } from '../../../../core/node/callRate.ts'
import { Refusal, rateLimited, unavailable } from '../refusal.ts'
import { answer } from './client.ts'
import type { Bounty, Market } from './market.ts'
import { isSignedByContract, type Word } from './signatures.ts'

/** The most reads of one `eth_call`: the call deploys what reads them, and EIP-3860 bounds its data to 48 kB. */
const MOST_READS = 100

/** A view of a contract that reverts for no arguments: all reads of a call would fail. */
type Read = Omit<ContractFunctionParameters, 'stateMutability'>

/** A batch counts as running until the node has answered: batches that wait for their call would be more and more. */
const SLOW_AFTER_MS = 5_000

/**
 * Creates a function that reads a view of a contract for requests that cost their clients nothing.
 * Concurrent reads share an `eth_call`. It throws a Refusal RELAY_UNAVAILABLE.
 * @param waitForCall waits until the node may be asked.
 */
function createSharedReads(client: PublicClient, waitForCall: () => Promise<void>, maxSize = MOST_READS) {
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

/** All calls of a second. Those of a fifth may start at once: a request that is alone waits for none. */
const CALLS_PER_SECOND = 25
const BURST_SECONDS = 0.2

/** The most runs of one `eth_call`: its result counts as the code of a new contract, at most 24,576 bytes (EIP-170). */
const MOST_RUNS = 40

/** Clients alternate in the reads of runs that are not in the index. */
const RUNS_LANE = {
  concurrency: MOST_RUNS,
  maxWaitingPerClient: 1_000,
  waiting: 'requests wait for their runs to be read',
  refuseFull: rateLimited,
  refuseGone: unavailable,
}

/** The same of the pending block. Beyond so many of a client, the latest block alone decides. */
const PENDING_LANE = { ...RUNS_LANE, maxWaitingPerClient: 64 }

/** A read is shared, so that it does not end with the request that asked first. */
const { signal: never } = new AbortController()

/**
 * What the relay asks the chain about requests that are not authenticated yet. They cost their clients nothing, so
 * that all calls of a second are few, whatever is asked. The functions throw a Refusal RELAY_UNAVAILABLE.
 * @param market has a client of its own, so that a flood of requests does not delay simulations.
 */
export function createIntake(market: Market) {
  const { client, address } = market
  const rate = createCallRate(CALLS_PER_SECOND, BURST_SECONDS)
  const waitForCall = () => rate.next()
  const readLatest = createSharedReads(client, waitForCall, MOST_RUNS)
  const latestInTurn = createFairLane(RUNS_LANE)
  const getBounty = (bountyId: bigint) =>
    ({ abi: bountyMarketAbi, address, functionName: 'getBounty', args: [bountyId] }) as const

  type Asked = { name: string; read: Read }
  /** By their names, the pending reads that have not started. */
  const unstarted = new Map<string, Promise<{ result?: unknown } | undefined>>()
  const pendingInTurn = createFairLane(PENDING_LANE)
  const readTogether = createBatcher(
    async (asked: readonly Asked[]) => {
      await waitForCall()
      for (const { name } of asked) unstarted.delete(name)
      const contracts = asked.map(({ read }) => read)
      const options = { allowFailure: true, deployless: true, batchSize: 0, blockTag: 'pending' } as const
      const results = await answer(client.multicall({ contracts, ...options }))
      return results.map((one) => (one.status === 'success' ? { result: one.result } : undefined))
    },
    { maxSize: MOST_RUNS, slowAfterMs: SLOW_AFTER_MS },
  )

  /**
   * Reads after the node's pending transactions. Callers share a read that has not started.
   * @returns undefined if it reverts, the node does not answer, or too much of the client waits.
   */
  async function readPending(client: string, name: string, read: Read) {
    const reading = unstarted.get(name) ?? pendingInTurn({ client, gone: never }, () => readTogether({ name, read }))
    unstarted.set(name, reading)
    try {
      return await reading
    } catch (error) {
      unstarted.delete(name)
      if (error instanceof Refusal) return undefined
      throw error
    }
  }

  return {
    market,
    hasCode: createCodeReader(market, waitForCall),
    read: createSharedReads(client, waitForCall),

    /** The run at the latest block: runs that are asked for at the same time share a call. */
    readRun: (bountyId: bigint, client: string): Promise<Bounty> =>
      latestInTurn({ client, gone: never }, async () => (await readLatest(getBounty(bountyId))) as Bounty),

    /** The run after the node's pending transactions; undefined if that is not known. */
    async pendingRun(bountyId: bigint, client: string): Promise<Bounty | undefined> {
      return (await readPending(client, `${bountyId}`, getBounty(bountyId)))?.result as Bounty | undefined
    },

    /** Whether the agent is known to be allowed to claim the run after the node's pending transactions. */
    async isClaimableNext(bountyId: bigint, agentId: bigint, wallet: Address, client: string): Promise<boolean> {
      const args = [bountyId, agentId, wallet] as const
      const read = { abi: bountyMarketAbi, address, functionName: 'checkClaim', args } as const
      return (await readPending(client, args.join(), read)) !== undefined
    },

    /** Whether the wallet's contract accepts the signature. It is a call of its own: the contract may use all its gas. */
    async isSignedByContract(word: Word): Promise<boolean> {
      await waitForCall()
      return isSignedByContract(market, word)
    },
  }
}

export type Intake = ReturnType<typeof createIntake>
