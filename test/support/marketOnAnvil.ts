import type { Account, Address } from 'viem'
import { type ChainOptions, startChain } from '../../tools/devnet/chain.ts'
import { contractsOf, fund, type WriteOptions } from './contracts.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

export type MarketOnAnvil = Awaited<ReturnType<typeof startMarketOnAnvil>>

/**
 * A market on an Anvil that mines a block for each transaction, with a temporary directory for its deployment file. Each
 * write is awaited until it is mined, unless the options say otherwise.
 */
export async function startMarketOnAnvil({
  awaitsMining = true,
  ...options
}: Omit<ChainOptions, 'deploymentsDirectory'> & WriteOptions = {}) {
  await using parts = new AsyncDisposableStack()
  const deployments = await temporaryDirectory()
  parts.defer(deployments.remove)
  const chain = await startChain({ ...options, deploymentsDirectory: deployments.path })
  parts.defer(chain.stop)
  const contracts = contractsOf(chain, { awaitsMining })
  const kept = parts.move()
  return {
    ...chain,
    ...contracts,
    /** Gives each account ten million dollars to stake and to post runs with. */
    async fund(...accounts: (Account | Address)[]) {
      for (const account of accounts) await fund(contracts, account)
    },
    stop: () => kept.disposeAsync(),
  }
}
