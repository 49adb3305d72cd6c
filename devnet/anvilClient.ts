import { type Chain, createClient, http, publicActions, testActions, walletActions } from 'viem'
import { foundry } from 'viem/chains'

/**
 * A client of an Anvil: reads, writes from any account, and moves the clock. It does not follow CCIP-Read, as no client
 * of ours does.
 */
export function createAnvilClient(rpcUrl: string, chain: Chain = foundry) {
  return createClient({ ccipRead: false, chain, transport: http(rpcUrl), cacheTime: 0, pollingInterval: 20 })
    .extend(testActions({ mode: 'anvil' }))
    .extend(publicActions)
    .extend(walletActions)
}
