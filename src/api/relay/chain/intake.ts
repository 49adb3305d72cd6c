import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { createBatcher } from '../../../../core/batcher.ts'
import type { Bounty, Market } from './market.ts'
import { createSharedReads, READ_INTERVAL_MS } from './sharedReads.ts'
import { isSignedByContract, type Word } from './signatures.ts'
import { createCodeReader } from './walletCode.ts'

/** Twenty signatures a second: each is a call of its own, because each contract may use all the gas that it gets. */
const MOST_CHECKS = 2

/** The most runs of one `eth_call`: its result counts as the code of a new contract, at most 24,576 bytes (EIP-170). */
const MOST_RUNS = 40

/**
 * What the relay asks the chain about requests that are not authenticated yet. They cost their clients nothing, so
 * that the calls of a second are few, whatever is asked. The functions throw a Refusal RELAY_UNAVAILABLE.
 * @param market has a client of its own, so that a flood of requests does not delay simulations.
 */
export function createIntake(market: Market) {
  const { client, address } = market
  const paceOfChecks = createBatcher(async (words: readonly Word[]) => words, {
    maxSize: MOST_CHECKS,
    intervalMs: READ_INTERVAL_MS,
  })
  const latest = createSharedReads(client, { maxSize: MOST_RUNS })
  const pending = createSharedReads(client, { maxSize: MOST_RUNS, blockTag: 'pending' })

  return {
    market,
    hasCode: createCodeReader(market),
    read: createSharedReads(client),

    /** The run for actions: runs that are asked for at the same time share a call. */
    readRun: async (bountyId: bigint, block: 'latest' | 'pending'): Promise<Bounty> => {
      const read = block === 'latest' ? latest : pending
      return (await read({ abi: bountyMarketAbi, address, functionName: 'getBounty', args: [bountyId] })) as Bounty
    },

    /** Whether the wallet's contract accepts the signature. */
    async isSignedByContract(word: Word): Promise<boolean> {
      await paceOfChecks(word)
      return isSignedByContract(market, word)
    },
  }
}

export type Intake = ReturnType<typeof createIntake>
