import { claimTypedDataJson, type MarketAddress, OFFERED_VALIDITY } from '../../claimMessage.ts'
import { explainClaimError } from '../../contractErrors.ts'
import { Problem, type ProblemCode } from '../../errors.ts'
import type { Failure } from '../chain/calls.ts'
import { type Bounty, type ClaimRequest, termsOf } from '../chain/market.ts'

/** RFC 9110 asks for a challenge in every 401: which message to sign, and where it comes from. */
const challenge = ({ bountyId, agentId, wallet }: ClaimRequest) => ({
  'WWW-Authenticate': `EIP712 realm="runline", message="/api/runs/${bountyId}/claim-message?agentId=${agentId}&walletAddress=${wallet}"`,
})

const isUnauthorised = (code: ProblemCode) =>
  code === 'SIGNATURE_REQUIRED' || code === 'INVALID_SIGNATURE' || code === 'SIGNATURE_EXPIRED'

/** The agent that has the bounty; undefined while nobody claimed it. */
const holderOf = ({ agentId, wallet }: Bounty) => (BigInt(wallet) === 0n ? undefined : { agentId, wallet })

/** The contract's refusal, in the API's words. @param bounty as it was when the claim was refused. */
export function refusal(request: ClaimRequest, { error, data }: Failure, bounty: Bounty): Problem {
  if (!error) return unexplained({ revertData: data ?? null })
  const { code, sentence, extensions } = explainClaimError(error, holderOf(bounty))
  return new Problem(code, sentence, { extensions, headers: isUnauthorised(code) ? challenge(request) : {} })
}

/** The claim fails for a reason that the API has no words for. */
export const unexplained = (extensions: Record<string, unknown>) =>
  new Problem('CLAIM_REVERTED', 'The claim reverts on chain for a reason unknown to this API.', { extensions })

/** @param now Seconds. */
export function signatureRequired(market: MarketAddress, request: ClaimRequest, bounty: Bounty, now: bigint): Problem {
  const { bountyId, agentId, wallet } = request
  const claim = { bountyId, agentId, wallet, round: BigInt(bounty.round) + 1n, ...termsOf(bounty) }
  return new Problem(
    'SIGNATURE_REQUIRED',
    `Sign typedData with ${wallet} and send the claim again with signature and deadline.`,
    {
      extensions: { typedData: claimTypedDataJson(market, claim, now + OFFERED_VALIDITY) },
      headers: challenge(request),
    },
  )
}

/** The wallet's contract checks signatures at a cost that the relay does not pay. */
export const tooExpensive = (request: ClaimRequest, gas: bigint, limit: bigint) =>
  new Problem('INVALID_SIGNATURE', `Checking the signature takes the claim to ${gas} gas; the relay pays ${limit}.`, {
    headers: challenge(request),
  })
