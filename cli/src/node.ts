import { createClient, http, type PrivateKeyAccount, publicActions, walletActions } from 'viem'
import type { Settings } from './settings.ts'

const POLLING_INTERVAL_MS = 500

export type Node = ReturnType<typeof createNode>

/**
 * A client of the chain's node that signs with the account. It does not follow CCIP-Read: viem would fetch any URL that
 * a contract names.
 */
export const createNode = ({ rpc }: Pick<Settings, 'rpc'>, account: PrivateKeyAccount) =>
  createClient({
    account,
    ccipRead: false,
    cacheTime: 0,
    pollingInterval: POLLING_INTERVAL_MS,
    transport: http(rpc, { retryCount: 1 }),
  })
    .extend(publicActions)
    .extend(walletActions)
