import {
  type Address,
  type Chain,
  createClient,
  http,
  type PublicRpcSchema,
  publicActions,
  rpcSchema,
  testActions,
  walletActions,
} from 'viem'
import { foundry } from 'viem/chains'

const TIMEOUT_MS = 60_000

/** With the method of Anvil that viem does not know. */
type AnvilSchema = [
  ...PublicRpcSchema,
  { Method: 'anvil_reorg'; Parameters: [depth: number, transactions: []]; ReturnType: null },
]

/**
 * A client of an Anvil node: reads, sends from any account, and changes the clock. Like all our clients, it does not
 * follow CCIP-Read.
 * @param account The sender of writes that name none.
 */
export function createAnvilClient<Sender extends Address | undefined = undefined>(
  rpcUrl: string,
  chain: Chain = foundry,
  account?: Sender,
) {
  return createClient({
    ccipRead: false,
    chain,
    // Anvil answers one request after the other. A thousand blocks take longer than viem's 10 s on a busy machine.
    transport: http(rpcUrl, { timeout: TIMEOUT_MS }),
    rpcSchema: rpcSchema<AnvilSchema>(),
    cacheTime: 0,
    pollingInterval: 20,
    account: account as Sender,
  })
    .extend(testActions({ mode: 'anvil' }))
    .extend(publicActions)
    .extend(walletActions)
}
