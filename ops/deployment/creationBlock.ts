import type { Address, PublicClient } from 'viem'
import { firstBlock } from './firstBlock.ts'

/**
 * The block in which a contract was created, from which its events are indexed.
 * @throws if the endpoint no longer knows the state of old blocks; the search needs an archive node.
 */
export async function creationBlock(client: PublicClient, address: Address): Promise<number> {
  const block = await firstBlock(await client.getBlockNumber(), async (blockNumber) => {
    return (await client.getCode({ address, blockNumber })) !== undefined
  })
  return Number(block)
}
