import { type Address, type Hex, hashTypedData } from 'viem'
import type { MarketAddress } from '../deployment.ts'
import { domainOf } from './domain.ts'
import { domainType, messageTypes } from './messageTypes.ts'

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

/** The EIP-712 message. Its integers are decimal strings, which every wallet reads exactly from JSON. */
export function applicationTypedData(market: MarketAddress, { action, ...values }: ApplicationMessage) {
  const { primaryType, members } = messageTypes[action]
  return {
    types: { EIP712Domain: domainType, [primaryType]: members },
    primaryType,
    message: Object.fromEntries(members.map(({ name }) => [name, String(values[name as keyof typeof values])])),
    domain: { ...domainOf(market), name: 'Runline' },
  }
}

/** What the wallet signs: the EIP-712 hash of `applicationTypedData`. */
export function applicationDigest(market: MarketAddress, message: ApplicationMessage): Hex {
  const { domain, ...typedData } = applicationTypedData(market, message)
  return hashTypedData({ ...typedData, domain: { ...domain, chainId: BigInt(domain.chainId) } } as never)
}
