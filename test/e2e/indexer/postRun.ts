import { accountOf } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import type { MarketOnAnvil } from '../../support/marketOnAnvil.ts'

/** Needs `chain.fund(poster)`. */
export const poster = accountOf(2).address

/** Posts a run for a day, in a block of its own. @param reward USDC base units. */
export async function postRun({ client, market }: MarketOnAnvil, reward = 10_000_000n, ipfsHash = 'ipfs://run') {
  const { timestamp } = await client.getBlock()
  await market.write.postBounty([ipfsHash, reward, timestamp + 86_400n, defaultTerms], { account: poster })
}
