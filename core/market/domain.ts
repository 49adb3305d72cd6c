import { type Hex, hashDomain } from 'viem'
import type { MarketAddress } from '../deployment.ts'
import { domainType } from './messageTypes.ts'

/** The EIP-712 domain of the market's messages. */
export const domainOf = ({ chainId, address }: MarketAddress) =>
  ({ name: 'BountyMarket', version: '1', chainId, verifyingContract: address }) as const

const hashes = new WeakMap<MarketAddress, Hex>()

export function domainHashOf(market: MarketAddress): Hex {
  const known = hashes.get(market)
  if (known !== undefined) return known
  const domain = { ...domainOf(market), chainId: BigInt(market.chainId) }
  const hash = hashDomain({ domain, types: { EIP712Domain: [...domainType] } })
  hashes.set(market, hash)
  return hash
}
