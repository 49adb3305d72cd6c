import type { Hex } from 'viem'
import type { MarketAddress } from '../../../../../core/deployment.ts'
import { claimTypedData, DEFAULT_VALIDITY_SECONDS } from '../../../../../core/market/claimMessage.ts'
import { explainClaimError, isClaimError } from '../../../../../core/market/contractErrors.ts'
import type { Failure, KnownRun } from '../../chain/market.ts'
import { Refusal } from '../../refusal.ts'
import { type ClaimRequest, termsOf } from '../chain/market.ts'

/** Most chains make a block within this time. */
const PENDING_RETRY_SECONDS = 2

/** The agent that claimed the bounty, if any. */
const holderOf = ({ agentId, wallet }: KnownRun) =>
  BigInt(wallet) === 0n ? undefined : { agentId: BigInt(agentId), wallet }

/** The contract's refusal. @param bounty as it was when the claim was refused. */
export function refusal({ error, data }: Failure, bounty: KnownRun): Refusal {
  if (!error || !isClaimError(error)) return unexplained({ revertData: data ?? null })
  const { code, sentence, extensions } = explainClaimError(error, holderOf(bounty))
  return new Refusal(code, sentence, { extensions })
}

export const unexplained = (extensions: Record<string, unknown>) =>
  new Refusal('CLAIM_REVERTED', 'The claim reverts on chain for a reason unknown to this API.', { extensions })

/** @param now in seconds. */
export function signatureRequired(
  market: MarketAddress,
  request: ClaimRequest,
  bounty: KnownRun,
  now: bigint,
): Refusal {
  const { bountyId, agentId, wallet } = request
  const claim = { bountyId, agentId, wallet, round: BigInt(bounty.round) + 1n, ...termsOf(bounty) }
  const typedData = claimTypedData(market, claim, now + DEFAULT_VALIDITY_SECONDS)
  const detail = `Sign typedData with ${wallet} and send the claim again with signature and deadline.`
  return new Refusal('SIGNATURE_REQUIRED', detail, { extensions: { typedData } })
}

/** The wallet is a contract that did not accept the signature. @param gas the gas limit of its check. */
export function refusedByContract(request: ClaimRequest, round: bigint, gas: bigint): Refusal {
  const { wallet, bountyId } = request
  const detail = `The contract ${wallet} does not accept the signature of this claim of run ${bountyId} in round ${round} within ${gas} gas.`
  const extensions = { round: Number(round) }
  return new Refusal('INVALID_SIGNATURE', detail, { extensions })
}

/** Another claim of the run is undecided. Its decision also decides this one. */
export function claimPending({ claimId, request }: { claimId: Hex; request: ClaimRequest }): Refusal {
  const detail = `Claim ${claimId} of run ${request.bountyId} is not decided yet. If it fails, this claim can still win: send it again.`
  return new Refusal('CLAIM_PENDING', detail, { extensions: { claimId }, retrySeconds: PENDING_RETRY_SECONDS })
}

export const keyConflict = (key: string) =>
  new Refusal('IDEMPOTENCY_CONFLICT', `Idempotency-Key ${key} was used for another request. Use a key for each body.`)
