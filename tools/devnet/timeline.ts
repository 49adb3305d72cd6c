import type { Address, TransactionReceipt } from 'viem'
import { createAnvilClient } from './anvilClient.ts'
import type { Call } from './call.ts'

/** Enough for any call of the market. Without it, Anvil would estimate at the time of the previous block. */
const gas = 1_000_000n

export type Timeline = ReturnType<typeof openTimeline>

/** Plays one event of a history at the time `at`, in seconds. The argument is empty if the event has none. */
export type Play = (at: number, event: string, argument: string) => Promise<void>

/**
 * Writes history to an Anvil that mines each transaction at once: each call is in a block with the time it asks for.
 */
export function openTimeline(rpcUrl: string) {
  const client = createAnvilClient(rpcUrl)
  let latest = 0n

  return {
    /**
     * Sends a call of one of Anvil's accounts in a block of its own at `at` seconds, or one second after the previous block if that is later.
     * @throws if the call reverts.
     */
    async send(at: number, { action, account, to, data }: Call<Address>): Promise<TransactionReceipt> {
      if (latest === 0n) latest = (await client.getBlock()).timestamp
      latest = latest < BigInt(at) ? BigInt(at) : latest + 1n
      await client.setNextBlockTimestamp({ timestamp: latest })
      const hash = await client.sendTransaction({ account, to, data, gas, chain: null })
      const receipt = await client.waitForTransactionReceipt({ hash, pollingInterval: 10 })
      if (receipt.status === 'success') return receipt
      // Throws with the reason of the revert.
      await client.call({ account, to, data, blockNumber: receipt.blockNumber })
      throw new Error(`${action} of ${account} reverted in block ${receipt.blockNumber}`)
    },

    /** Sets the chain's clock to the present. From then on it mines on request. @returns the latest block. */
    async catchUp(): Promise<bigint> {
      await client.setNextBlockTimestamp({ timestamp: BigInt(Math.floor(Date.now() / 1000)) })
      await client.mine({ blocks: 1 })
      const block = await client.getBlockNumber()
      await client.setAutomine(false)
      return block
    },
  }
}
