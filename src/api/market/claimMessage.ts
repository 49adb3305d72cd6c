import {
  type Address,
  concat,
  encodeAbiParameters,
  type Hex,
  hashDomain,
  keccak256,
  parseAbiParameters,
  stringToHex,
} from 'viem'

/** A claim of one round of a run. A wallet signs it, and it can happen once only. */
export type Claim = { bountyId: bigint; agentId: bigint; wallet: Address; round: bigint }

/** The run's terms, which a wallet signs too, so that its signature is for these terms only. Base units; seconds. */
export type ClaimTerms = { reward: bigint; stake: bigint; workPeriod: bigint }

/** The BountyMarket contract of a chain. */
export type MarketAddress = { chainId: number; address: Address }

/** How long a signature may be valid at most, by the contract. */
export const MAX_VALIDITY_SECONDS = 3_600n

/** How long a message is valid if its request names no deadline. */
export const DEFAULT_VALIDITY_SECONDS = 900n

const types = {
  EIP712Domain: [
    { name: 'name', type: 'string' },
    { name: 'version', type: 'string' },
    { name: 'chainId', type: 'uint256' },
    { name: 'verifyingContract', type: 'address' },
  ],
  Claim: [
    { name: 'bountyId', type: 'uint256' },
    { name: 'agentId', type: 'uint256' },
    { name: 'wallet', type: 'address' },
    { name: 'round', type: 'uint256' },
    { name: 'reward', type: 'uint256' },
    { name: 'stake', type: 'uint256' },
    { name: 'workPeriod', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
} as const

const domainOf = ({ chainId, address }: MarketAddress) =>
  ({ name: 'BountyMarket', version: '1', chainId: BigInt(chainId), verifyingContract: address }) as const

/**
 * The EIP-712 message with which a wallet claims a run, as RunSignatures.sol hashes it.
 * @param deadline The last second at which the signature is valid.
 */
export function claimTypedData(market: MarketAddress, claim: Claim & ClaimTerms, deadline: bigint) {
  const { bountyId, agentId, wallet, round, reward, stake, workPeriod } = claim
  return {
    domain: domainOf(market),
    types,
    primaryType: 'Claim',
    message: { bountyId, agentId, wallet, round, reward, stake, workPeriod, deadline },
  } as const
}

const claimTypeHash = keccak256(stringToHex(`Claim(${types.Claim.map(({ name, type }) => `${type} ${name}`).join()})`))
const messageParameters = [{ type: 'bytes32' }, ...types.Claim] as const
const domainHashes = new WeakMap<MarketAddress, Hex>()

/**
 * What the wallet signs: the EIP-712 hash of `claimTypedData`. viem's `hashTypedData` takes three times as long, because it
 * hashes types and domain each time, and checks values that the callers have checked.
 */
export function claimDigest(market: MarketAddress, claim: Claim & ClaimTerms, deadline: bigint): Hex {
  const { bountyId, agentId, wallet, round, reward, stake, workPeriod } = claim
  const domainHash = domainHashes.get(market) ?? hashDomain({ domain: domainOf(market), types })
  domainHashes.set(market, domainHash)
  const values = [claimTypeHash, bountyId, agentId, wallet, round, reward, stake, workPeriod, deadline] as const
  return keccak256(concat(['0x1901', domainHash, keccak256(encodeAbiParameters(messageParameters, values))]))
}

/** `claimTypedData` as JSON. The integers of the message are decimal strings, which every wallet reads exactly. */
export function claimTypedDataJson(market: MarketAddress, claim: Claim & ClaimTerms, deadline: bigint) {
  const { domain, ...typedData } = claimTypedData(market, claim, deadline)
  const { bountyId, agentId, wallet, round, reward, stake, workPeriod } = claim
  const message = {
    bountyId: bountyId.toString(),
    agentId: agentId.toString(),
    wallet,
    round: round.toString(),
    reward: reward.toString(),
    stake: stake.toString(),
    workPeriod: workPeriod.toString(),
    deadline: deadline.toString(),
  }
  return { ...typedData, domain: { ...domain, chainId: market.chainId }, message }
}

const claimIdParameters = parseAbiParameters(
  'uint256 chainId, address market, uint256 bountyId, uint256 round, uint256 agentId, address wallet',
)

/** The id of a claim: a hash of its members, the same in every process. */
export function claimIdOf({ chainId, address }: MarketAddress, { bountyId, agentId, wallet, round }: Claim): Hex {
  return keccak256(encodeAbiParameters(claimIdParameters, [BigInt(chainId), address, bountyId, round, agentId, wallet]))
}
