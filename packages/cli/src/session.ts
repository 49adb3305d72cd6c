import {
  type Address,
  createClient,
  http,
  isAddressEqual,
  type PrivateKeyAccount,
  publicActions,
  walletActions,
} from 'viem'
import { agentStakingAbi } from '../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { createRunlineClient, type ReadAgent, type RunlineClient } from '../../client/src/index.ts'
import { needsRelay } from '../../client/src/transactions.ts'
import type { Context } from './action.ts'
import { CommandError } from './commandError.ts'
import type { RelayOptions } from './commands/relay.ts'
import { readAccount } from './key.ts'
import type { Settings } from './settings.ts'

/** The chain that Anvil makes, where nothing has value. */
export const DEVNET_CHAIN_ID = 31337

/** For how long a read is repeated while the API does not answer. Short, because the user waits. */
const READ_TIMEOUT_SECONDS = 5
/** For how long a read is repeated until the index has the block of a transaction. */
const INDEX_TIMEOUT_SECONDS = 30

const POLLING_INTERVAL_MS = 500

/**
 * A client of the chain's node that signs with the account. It does not follow CCIP-Read: viem would fetch any URL that
 * a contract names.
 */
const createNode = (rpc: string, account: PrivateKeyAccount) =>
  createClient({
    account,
    ccipRead: false,
    cacheTime: 0,
    pollingInterval: POLLING_INTERVAL_MS,
    transport: http(rpc, { retryCount: 1 }),
  })
    .extend(publicActions)
    .extend(walletActions)

/** What a transaction needs: the account, the node, and the contracts that the user trusts. */
export type Session = {
  node: ReturnType<typeof createNode>
  chainId: number
  /** `funding` takes signed payments; undefined if the user has not named it on a chain where USDC has value. */
  contracts: { usdc: Address; registry: Address; staking: Address; market: Address; funding: Address | undefined }
  /** Reads of what the transactions did. */
  runline: RunlineClient
}

/** A client for reads. */
export const openReader = ({ api, output }: Pick<Context, 'api' | 'output'>): RunlineClient =>
  createRunlineClient({ url: api, timeoutSeconds: READ_TIMEOUT_SECONDS, onRetry: output.wait })

/** @throws CommandError if the node is of another chain than the API, or the market's address is not known. */
export async function openSession(settings: Context): Promise<Session> {
  const node = createNode(settings.rpc, readAccount(settings))
  const { chainId, contracts } = await openReader(settings).getMarket()
  const nodeChainId = await node.getChainId()
  if (nodeChainId !== chainId) {
    const message = `The node at ${settings.rpc} serves chain ${nodeChainId}, the API chain ${chainId}.`
    throw new CommandError('WRONG_CHAIN', `${message} Correct --rpc or --api.`)
  }
  const market = trustedMarket(settings, chainId, contracts.BountyMarket.address as Address)
  const named = chainId === DEVNET_CHAIN_ID ? contracts.SignedFunding.address : undefined
  const funding = (settings.funding ?? named) as Address | undefined
  // The other contracts are those of the market on chain, so that the API cannot name another token to approve.
  const read = { address: market, abi: bountyMarketAbi }
  const usdc = await node.readContract({ ...read, functionName: 'USDC' })
  const registry = await node.readContract({ ...read, functionName: 'REGISTRY' })
  const staking = await node.readContract({ ...read, functionName: 'STAKING' })
  const runline = createRunlineClient({
    url: settings.api,
    market: { chainId, address: market },
    contracts: { usdc, signedFunding: funding, agentStaking: staking, agentRegistry: registry },
    timeoutSeconds: INDEX_TIMEOUT_SECONDS,
    onRetry: settings.output.wait,
  })
  return { node, chainId, contracts: { usdc, registry, staking, market, funding }, runline }
}

/** The market that the user names; on a devnet, where nothing has value, the one that the API names. */
export function trustedMarket({ market }: Settings, chainId: number, named: Address): Address {
  if (market === undefined) {
    if (chainId === DEVNET_CHAIN_ID) return named
    throw new CommandError(
      'NO_MARKET',
      `On chain ${chainId} a transaction needs --market. The API names ${named}: check it before you trust it.`,
    )
  }
  if (isAddressEqual(market as Address, named)) return named
  throw new CommandError('WRONG_MARKET', `The API serves market ${named}, not ${market}. Correct --market or --api.`)
}

/** @throws CommandError if the user must name the contract that takes signed payments. */
export function assertFunding({ contracts, chainId }: Session) {
  if (contracts.funding) return
  const message = `On chain ${chainId} a signed payment needs --funding: the SignedFunding contract of the market that you trust.`
  throw new CommandError('NO_FUNDING', message)
}

/** For how long a command waits until an action that the API sends is decided. */
const RELAY_TIMEOUT_SECONDS = 120

/** The options of an action that the account signs, and the API sends. */
export const relayOptions = ({ node }: Session) =>
  ({ via: 'relay', signer: node.account, timeoutSeconds: RELAY_TIMEOUT_SECONDS }) as const

/** Whether the API sends the action: as the user asked, or because the account has no ether. A dry run simulates a transaction. */
export const isRelayed = async ({ relay, dryRun }: Context<RelayOptions>, { node }: Session): Promise<boolean> =>
  !dryRun && (relay === true || (await needsRelay(node)))

/** The agent with the nonce of its next withdrawal, as the user's node has it. */
export async function agentOnChain({ node, contracts }: Session, id: bigint): Promise<ReadAgent> {
  const read = { address: contracts.staking, abi: agentStakingAbi, functionName: 'nonceOf', args: [id] } as const
  return { id, nonce: await node.readContract(read) }
}
