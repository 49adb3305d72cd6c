import { type Address, isAddressEqual, keccak256, parseTransaction, recoverTransactionAddress } from 'viem'
import { createAnvilClient } from '../../tools/devnet/anvilClient.ts'
import { type ChooseFault, says } from './rpcProxy.ts'

type SerializedTransaction = Parameters<typeof recoverTransactionAddress>[0]['serializedTransaction']

/**
 * Geth's rule for its pool (`PriceBump`, 10 % by default): a transaction replaces another of the same nonce only if it
 * raises both fees by that much. Anvil accepts any higher offer.
 */
export function requirePriceBump(rpcUrl: string): ChooseFault {
  const node = createAnvilClient(rpcUrl)
  return async ({ method, params }) => {
    if (method !== 'eth_sendRawTransaction') return undefined
    const serializedTransaction = params[0] as SerializedTransaction
    const { nonce, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = parseTransaction(serializedTransaction)
    const sender = await recoverTransactionAddress({ serializedTransaction })
    const { pending } = await node.getTxpoolContent()
    const [, held] = Object.entries(pending).find(([address]) => isAddressEqual(address as Address, sender)) ?? []
    const old = held?.[String(nonce)]
    if (!old || old.hash === keccak256(serializedTransaction)) return undefined
    const isBump = (offered: bigint, before: bigint) => offered * 100n >= before * 110n
    const isEnough =
      isBump(maxFeePerGas, BigInt(old.maxFeePerGas ?? 0)) &&
      isBump(maxPriorityFeePerGas, BigInt(old.maxPriorityFeePerGas ?? 0))
    return isEnough ? undefined : says('replacement transaction underpriced')
  }
}
