import { type Hash, parseEventLogs } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { ClaimsMarket } from './claimsMarket.ts'

/** Sums the cost of all transactions after a block, of which all must be claims. */
export async function costSince({ client }: ClaimsMarket, block: bigint) {
  const latest = await client.getBlockNumber({ cacheTime: 0 })
  const cost = { gas: 0, claims: 0, transactions: 0, reverted: 0 }
  for (let blockNumber = block + 1n; blockNumber <= latest; blockNumber++) {
    const { transactions } = await client.getBlock({ blockNumber })
    for (const receipt of await Promise.all(transactions.map((hash: Hash) => client.getTransactionReceipt({ hash })))) {
      cost.gas += Number(receipt.gasUsed)
      cost.transactions++
      cost.claims += parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyClaimed', logs: receipt.logs }).length
      if (receipt.status === 'reverted') cost.reverted++
    }
  }
  return cost
}
