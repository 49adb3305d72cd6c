import { type Chain, createClient, http, publicActions, testActions, walletActions } from 'viem'
import { foundry } from 'viem/chains'

/**
 * A client of an Anvil node: reads, sends from any account, and changes the clock. Like all our clients, it does not
 * follow CCIP-Read.
 */
export function createAnvilClient(rpcUrl: string, chain: Chain = foundry) {
  return createClient({ ccipRead: false, chain, transport: http(rpcUrl), cacheTime: 0, pollingInterval: 20 })
    .extend(testActions({ mode: 'anvil' }))
    .extend(publicActions)
    .extend(walletActions)
}
