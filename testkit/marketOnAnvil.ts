import { type Address, maxUint256 } from 'viem'
import { type ChainOptions, startChain } from '../devnet/chain.ts'
import { contractsOf } from './contracts.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

export type MarketOnAnvil = Awaited<ReturnType<typeof startMarketOnAnvil>>

/** A market on an Anvil that mines a block for each transaction. Each write is awaited until it is mined. */
export async function startMarketOnAnvil(
  options: Pick<ChainOptions, 'prepareUsdc' | 'prepareRegistry' | 'flags'> = {},
) {
  const deployments = await temporaryDirectory()
  const chain = await startChain({ ...options, deploymentsDirectory: deployments.path })
  const contracts = contractsOf(chain, { awaitsMining: true })
  const { usdc, staking, market } = contracts
  return {
    ...chain,
    ...contracts,
    /** Gives each account a million dollars to stake and to post runs with. */
    async fund(...accounts: Address[]) {
      for (const account of accounts) {
        await usdc.write.mint([account, 10n ** 12n])
        for (const { address: spender } of [staking, market]) {
          await usdc.write.approve([spender, maxUint256], { account })
        }
      }
    },
    async stop() {
      await chain.stop()
      await deployments.remove()
    },
  }
}
