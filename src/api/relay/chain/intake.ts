import type { Address } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { createBatcher } from '../../../../core/batcher.ts'
import { createFairLane } from '../../../../core/fairLane.ts'
import { createCallRate } from '../../../../core/node/callRate.ts'
import { Refusal, rateLimited, unavailable } from '../refusal.ts'
import { createCodeReader, createSharedReads, type Read, SLOW_AFTER_MS } from './batchedReads.ts'
import { answer } from './client.ts'
import type { Bounty, Market } from './market.ts'
import { isSignedByContract, type Word } from './signatures.ts'

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
