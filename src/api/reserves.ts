import { setTimeout as sleep } from 'node:timers/promises'
import { erc20Abi, type Hex, type PublicClient } from 'viem'
import type { Deployment } from '../../core/deployment.ts'
import { Problem } from './http/errors.ts'
import type { IndexReader, ReadResult } from './index/reader.ts'
import type { Snapshot } from './index/snapshot.ts'
import type { ReadStats, Stats } from './queries/stats.ts'

/** How long an answer waits for the node. */
const NODE_TIMEOUT_MS = 2_000

/** The USDC of both contracts. */
type Balances = { market: bigint; staking: bigint }

/**
 * What both contracts hold and what they owe, in USDC base units. What they hold beyond it was given to them: a negative
 * surplus is money that they lack.
 */
export type Reserves = {
  market: { held: bigint; escrow: bigint; debts: bigint; surplus: bigint }
  staking: { held: bigint; staked: bigint; unburned: bigint; surplus: bigint }
}

/** What the contracts hold and owe at one block. @param stats of the block. @param held at the same block. */
export function reservesOf({ market, agents, payees }: Stats, held: Balances): Reserves {
  const { escrowed: escrow, feesPaid } = market
  const { staked } = agents
  const { unburned } = payees
  const debts = payees.owed + feesPaid - payees.feesCollected
  return {
    // The staking contract itself still holds the lost stake that it could not burn and that the market owes.
    market: { held: held.market, escrow, debts, surplus: held.market - escrow - (debts - unburned) },
    staking: { held: held.staking, staked, unburned, surplus: held.staking - staked - unburned },
  }
}

export type ReadBalances = (block: Pick<Snapshot, 'number' | 'hash'>) => Promise<Balances>

/**
 * Creates a function that reads what the contracts hold at a block. The node is asked once for each block.
 * @throws Problem NODE_UNAVAILABLE, from that function, if the node does not have the block's state.
 */
export function createBalances(chain: PublicClient, { contracts }: Deployment): ReadBalances {
  let known: { hash: Hex; balances: Promise<Balances> } | undefined

  const balanceAt = (hash: Hex, account: Hex) =>
    chain.readContract({
      address: contracts.USDC,
      abi: erc20Abi,
      functionName: 'balanceOf',
      args: [account],
      blockHash: hash,
      requireCanonical: true,
    })

  async function askNode(hash: Hex): Promise<Balances> {
    const { BountyMarket, AgentStaking } = contracts
    const [market, staking] = await Promise.all([balanceAt(hash, BountyMarket), balanceAt(hash, AgentStaking)])
    return { market, staking }
  }

  function balancesAt(hash: Hex): Promise<Balances> {
    if (known?.hash === hash) return known.balances
    const balances = askNode(hash)
    known = { hash, balances }
    // The next request asks again.
    balances.catch(() => {
      if (known?.balances === balances) known = undefined
    })
    return balances
  }

  return async ({ hash, number }) => {
    const late = sleep(NODE_TIMEOUT_MS, undefined, { ref: false }).then(() => {
      throw new Error(`The node took more than ${NODE_TIMEOUT_MS} ms`)
    })
    try {
      return await Promise.race([balancesAt(hash), late])
    } catch (cause) {
      const headers = { 'Retry-After': '1' }
      throw new Problem('NODE_UNAVAILABLE', `The node does not answer at block ${number}.`, { headers, cause })
    }
  }
}

/**
 * Reads the reserves: the index has what is owed, the node what is held at the same block.
 * @throws Problem if either cannot be read.
 */
export async function readReserves(
  { index, readStats, readBalances }: { index: IndexReader; readStats: ReadStats; readBalances: ReadBalances },
  minBlock?: bigint,
): Promise<ReadResult<Reserves>> {
  const { snapshot, data } = await index.read(minBlock, readStats)
  return { snapshot, data: reservesOf(data, await readBalances(snapshot)) }
}
