import type { AgentAccount } from '../chain/market.ts'

/**
 * How many open claims an agent may have, with its reverts of the last day. An open claim has passed its simulation, and may
 * still revert in its block at the relayer's expense. Claims beyond the limit wait.
 *
 * A wallet's code can tell a block from any simulation, so that each of its claims may use all the gas of its
 * transaction. A claim that a key has signed runs only the code of the market, and costs little if it reverts.
 */
const MOST_OPEN = { ofKey: 30, ofContract: 8, ofContractWithoutCompletion: 3 }

/** @param runsWalletCode see `Examined`. */
export function mostOpen({ runsWalletCode, account }: { runsWalletCode: boolean; account: AgentAccount }): number {
  if (!runsWalletCode) return MOST_OPEN.ofKey
  return account.completions > 0n ? MOST_OPEN.ofContract : MOST_OPEN.ofContractWithoutCompletion
}
