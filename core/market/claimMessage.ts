import { type Address, concat, encodeAbiParameters, type Hex, keccak256, stringToHex } from 'viem'
import type { MarketAddress } from '../deployment.ts'
import { domainHashOf, domainOf } from './domain.ts'
import { domainType, messageTypes } from './messageTypes.ts'

/** A claim of one round of a run. A wallet signs it, and it can happen once only. */
export type Claim = { bountyId: bigint; agentId: bigint; wallet: Address; round: bigint }

/**
 * The run's terms, which a wallet signs too, so that its signature is for these terms only. Base units; seconds. The
 * evaluator is the zero address if the poster evaluates.
 */
export type ClaimTerms = { reward: bigint; stake: bigint; workPeriod: bigint; evaluator: Address }

/** How long a signature may be valid at most, by the contract. */
export const MAX_VALIDITY_SECONDS = 3_600n

/** How long a message is valid if its request names no deadline. */
export const DEFAULT_VALIDITY_SECONDS = 900n

const { members, encoded } = messageTypes.claim

/**
 * The EIP-712 message with which a wallet claims a run, as RunSignatures.sol hashes it. Its integers are decimal strings,
 * which every wallet reads exactly from JSON.
 * @param deadline The last second at which the signature is valid.
 */
export function claimTypedData(market: MarketAddress, claim: Claim & ClaimTerms, deadline: bigint) {
  const values: Record<string, bigint | string> = { ...claim, deadline }
  return {
    types: { EIP712Domain: domainType, Claim: members },
    primaryType: 'Claim' as const,
    message: Object.fromEntries(members.map(({ name }) => [name, String(values[name])])),
    domain: domainOf(market),
  }
}

const claimTypeHash = keccak256(stringToHex(encoded))
const messageParameters = [{ type: 'bytes32' }, ...members]

/**
 * What the wallet signs: the EIP-712 hash of `claimTypedData`. viem's `hashTypedData` takes three times as long, because it
 * hashes types and domain each time, and checks values that the callers have checked.
 */
export function claimDigest(market: MarketAddress, claim: Claim & ClaimTerms, deadline: bigint): Hex {
  const { bountyId, agentId, wallet, round, reward, stake, workPeriod, evaluator } = claim
  const terms = [reward, stake, workPeriod, evaluator] as const
  const values = [claimTypeHash, bountyId, agentId, wallet, round, ...terms, deadline] as const
  return keccak256(concat(['0x1901', domainHashOf(market), keccak256(encodeAbiParameters(messageParameters, values))]))
}
