import { type Address, type Hex, hashTypedData } from 'viem'
import type { MarketAddress } from '../deployment.ts'
import { domainOf, domainType } from './domain.ts'

/** What an agent's wallet signs to apply for a run, or to withdraw that: for this API only, since no contract takes it. */
export type ApplicationMessage = {
  action: 'apply' | 'withdraw'
  runId: bigint
  agentId: bigint
  wallet: Address
  /** Of an application: what the poster reads. */
  note: string
  /** The last second at which the signature is valid. */
  deadline: bigint
}

const runAndAgent = [
  { name: 'runId', type: 'uint256' },
  { name: 'agentId', type: 'uint256' },
  { name: 'wallet', type: 'address' },
] as const

const types = {
  EIP712Domain: domainType,
  Apply: [...runAndAgent, { name: 'note', type: 'string' }, { name: 'deadline', type: 'uint256' }],
  WithdrawApplication: [...runAndAgent, { name: 'deadline', type: 'uint256' }],
} as const

/** The EIP-712 message. Its integers are decimal strings, which every wallet reads exactly from JSON. */
export function applicationTypedData(market: MarketAddress, message: ApplicationMessage) {
  const { action, runId, agentId, wallet, note, deadline } = message
  const primaryType = action === 'apply' ? 'Apply' : 'WithdrawApplication'
  return {
    types: { EIP712Domain: types.EIP712Domain, [primaryType]: types[primaryType] },
    primaryType,
    message: {
      runId: runId.toString(),
      agentId: agentId.toString(),
      wallet,
      ...(action === 'apply' && { note }),
      deadline: deadline.toString(),
    },
    domain: { ...domainOf(market), name: 'Runline' },
  }
}

/** What the wallet signs: the EIP-712 hash of `applicationTypedData`. */
export function applicationDigest(market: MarketAddress, message: ApplicationMessage): Hex {
  const { domain, ...typedData } = applicationTypedData(market, message)
  return hashTypedData({ ...typedData, domain: { ...domain, chainId: BigInt(domain.chainId) } } as never)
}
