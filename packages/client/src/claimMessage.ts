import type { components } from './api.ts'
import { UnexpectedMessageError } from './errors.ts'

type ClaimMessage = components['schemas']['ClaimMessage']

/** The BountyMarket contract that the caller trusts. */
export type MarketAddress = { chainId: number; address: string }

/** Claim: the run, the agent, and the wallet that acts for it. */
export type ClaimParties = { runId: string; agentId: string; wallet: string }

/**
 * EIP-712 typed data of a claim, for viem's `signTypedData`. For ethers: `wallet.signTypedData(domain, types, message)`.
 * It has no `EIP712Domain` in `types`, which ethers refuses and viem adds.
 */
export type ClaimTypedData = {
  domain: { name: string; version: string; chainId: number; verifyingContract: `0x${string}` }
  types: { Claim: { name: string; type: string }[] }
  primaryType: 'Claim'
  message: {
    bountyId: bigint
    agentId: bigint
    wallet: `0x${string}`
    round: bigint
    reward: bigint
    stake: bigint
    workPeriod: bigint
    evaluator: `0x${string}`
    deadline: bigint
  }
}

/** Signs with the agent's wallet: a viem account, or any object with these two members. */
export type Signer = { address: string; signTypedData(typedData: ClaimTypedData): Promise<string> }

/**
 * The typed data of the claim. Its domain, types, run, agent and wallet come from the caller; the round, the terms and
 * the deadline from the API. The contract refuses a signature of other terms than the run's.
 * @throws UnexpectedMessageError if the API's message is of another market, chain, run, agent or wallet.
 */
export function claimTypedData(
  { domain, message }: ClaimMessage,
  { runId, agentId, wallet }: ClaimParties,
  market: MarketAddress,
): ClaimTypedData {
  const ownDomain = trustedDomain(domain, market)
  assertSame('bountyId', runId, message.bountyId)
  assertSame('agentId', agentId, message.agentId)
  assertSame('wallet', wallet, message.wallet)
  return {
    domain: ownDomain,
    types: {
      Claim: [
        { name: 'bountyId', type: 'uint256' },
        { name: 'agentId', type: 'uint256' },
        { name: 'wallet', type: 'address' },
        { name: 'round', type: 'uint256' },
        { name: 'reward', type: 'uint256' },
        { name: 'stake', type: 'uint256' },
        { name: 'workPeriod', type: 'uint256' },
        { name: 'evaluator', type: 'address' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Claim',
    message: {
      bountyId: BigInt(runId),
      agentId: BigInt(agentId),
      wallet: wallet as `0x${string}`,
      round: BigInt(message.round),
      reward: BigInt(message.reward),
      stake: BigInt(message.stake),
      workPeriod: BigInt(message.workPeriod),
      evaluator: message.evaluator as `0x${string}`,
      deadline: BigInt(message.deadline),
    },
  }
}

/** The domain of the caller's market. @throws UnexpectedMessageError if the API's message is of another one. */
export function trustedDomain(named: { chainId: number; verifyingContract: string }, market: MarketAddress) {
  assertSame('chainId', market.chainId, named.chainId)
  assertSame('verifyingContract', market.address, named.verifyingContract)
  return {
    name: 'BountyMarket',
    version: '1',
    chainId: market.chainId,
    verifyingContract: market.address as `0x${string}`,
  }
}

/** Addresses may differ in case. */
export function assertSame(member: string, expected: number | string, got: number | string) {
  if (String(expected).toLowerCase() !== String(got).toLowerCase()) {
    throw new UnexpectedMessageError(member, expected, got)
  }
}
