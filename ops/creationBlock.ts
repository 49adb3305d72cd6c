import type { Address, PublicClient } from 'viem'

/**
 * The block in which a contract was created, by bisection of the chain's history: its events are indexed from there.
 * @throws if the endpoint no longer knows the state of old blocks; bisection needs an archive node.
 */
export async function creationBlock(client: PublicClient, address: Address): Promise<number> {
  let absent = -1n
  let present = await client.getBlockNumber()
  while (present - absent > 1n) {
    const middle = (absent + present) / 2n
    const code = await client.getCode({ address, blockNumber: middle })
    if (code) present = middle
    else absent = middle
  }
  return Number(present)
}
