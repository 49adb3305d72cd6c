import { type Address, erc20Abi, type Hex, type PublicClient, parseEventLogs, zeroAddress } from 'viem'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { ChainLogs } from './chainLogs.ts'

type Client = Pick<PublicClient, 'getLogs' | 'getBlock' | 'readContract'>

type Block = { number: bigint; hash: Hex }

/**
 * Counts what market and staking contract hold and owe at a block, as `GET /api/market/reserves` answers it: what they owe
 * from their logs alone, what they hold from USDC.
 * @param start The block from which the market may have logs.
 * @throws if the node lacks the logs or the state, or the block is not canonical.
 */
export async function countReserves(chain: Client, market: Address, start: bigint, block: Block) {
  const at = { blockHash: block.hash, requireCanonical: true } as const
  const read = (functionName: 'STAKING' | 'USDC') =>
    chain.readContract({ address: market, abi: bountyMarketAbi, functionName, ...at })
  const [staking, usdc] = await Promise.all([read('STAKING'), read('USDC')])
  const owed = await countDebts(new ChainLogs(chain, [market, staking], start), block.number)
  // Last: a block that is canonical now was so while its logs were read.
  const balanceOf = (account: Address) =>
    chain.readContract({ address: usdc, abi: erc20Abi, functionName: 'balanceOf', args: [account], ...at })
  const [heldByMarket, heldByStaking] = await Promise.all([balanceOf(market), balanceOf(staking)])
  const { escrow, debts, staked, unburned } = owed
  return {
    block,
    market: { held: heldByMarket, escrow, debts, surplus: heldByMarket - escrow - (debts - unburned) },
    staking: { held: heldByStaking, staked, unburned, surplus: heldByStaking - staked - unburned },
  }
}

async function countDebts(logs: ChainLogs, last: bigint) {
  const escrows = new Map<bigint, bigint>()
  const stakes = new Map<bigint, bigint>()
  let debts = 0n
  let unburned = 0n
  for (let next = logs.start; next <= last; ) {
    const read = await logs.read(next, last)
    next = read.to + 1n
    for (const { eventName, args } of parseEventLogs({ abi: bountyMarketAbi, logs: read.logs })) {
      if (eventName === 'BountyFunded') escrows.set(args.bountyId, args.amount)
      if (eventName === 'BountyWithdrawn' || eventName === 'BountyApproved' || eventName === 'BountyRejected')
        escrows.delete(args.bountyId)
      if (eventName === 'BountyApproved' && args.by !== zeroAddress) debts += args.fee
      if (eventName === 'PaymentDeferred') debts += args.amount
      if (eventName === 'PaymentCollected') debts -= args.amount
    }
    for (const { eventName, args } of parseEventLogs({ abi: agentStakingAbi, logs: read.logs })) {
      if ('staked' in args) stakes.set(args.agentId, args.staked)
      if (eventName === 'BurnDeferred') unburned = args.unburned
    }
  }
  return { escrow: sum(escrows), debts, staked: sum(stakes), unburned }
}

const sum = (amounts: Map<bigint, bigint>) => [...amounts.values()].reduce((total, amount) => total + amount, 0n)
