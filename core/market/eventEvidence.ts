import { type ContractEventName, getAbiItem, type Hex, keccak256, toEventSelector, toHex } from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import type { Deployment } from '../deployment.ts'
import type { Evidence } from '../node/bloom.ts'

/**
 * The events of the staking contract that may be the only ones of a transaction. The others come with an event of the market: the
 * contract locks, releases and burns stake, freezes and bans only where the market calls it, and the market logs each of
 * these calls. It unfreezes only together with `Staked`.
 */
const OF_STAKING = ['Staked', 'Unstaked', 'AgentBanned', 'AgentUnbanned'] as const satisfies ContractEventName<
  typeof agentStakingAbi
>[]

const WALLET_KEY = keccak256(toHex('agentWallet'))

/**
 * What the bloom filter of a block shows if the block has events that are indexed: all items of at least one set. In a dense
 * filter an address alone is found by chance in one block of five.
 *
 * Safe, because these contracts cannot be changed. A registry that is not ours may be a proxy, and log other events after an
 * upgrade, so its address suffices.
 */
export function eventEvidence({
  contracts: { AgentRegistry, AgentStaking, BountyMarket },
  hasOwnRegistry = false,
}: Pick<Deployment, 'contracts' | 'hasOwnRegistry'>): Evidence[] {
  const ofStaking = OF_STAKING.map((name) => toEventSelector(getAbiItem({ abi: agentStakingAbi, name })))
  return [
    [BountyMarket],
    ...ofStaking.map((event) => [AgentStaking, event]),
    ...(hasOwnRegistry ? ownRegistryEvidence(AgentRegistry) : [[AgentRegistry]]),
  ]
}

/** Of metadata, only the wallet is indexed. Each `Registered` and each `Transfer` comes with a change of the wallet. */
function ownRegistryEvidence(registry: Hex): Evidence[] {
  const uriUpdated = toEventSelector(getAbiItem({ abi: agentRegistryAbi, name: 'URIUpdated' }))
  const metadataSet = toEventSelector(getAbiItem({ abi: agentRegistryAbi, name: 'MetadataSet' }))
  return [
    [registry, uriUpdated],
    [registry, metadataSet, WALLET_KEY],
  ]
}
