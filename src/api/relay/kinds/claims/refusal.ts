import type { Hex } from 'viem'
import type { MarketAddress } from '../../../../../core/deployment.ts'
import { claimTypedData, DEFAULT_VALIDITY_SECONDS } from '../../../../../core/market/claimMessage.ts'
import { explainClaimError, isClaimError } from '../../../../../core/market/contractErrors.ts'
import type { Failure, KnownRun } from '../../chain/market.ts'
import { Refusal } from '../../refusal.ts'
import { PENDING_RETRY_SECONDS, unexplained } from '../refusal.ts'
import type { ClaimMessage } from '../request.ts'
import { termsOf } from './message.ts'

/** The agent that claimed the bounty, if any. */
const holderOf = ({ agentId, wallet }: KnownRun) =>
  BigInt(wallet) === 0n ? undefined : { agentId: BigInt(agentId), wallet }

/** The contract's refusal. @param bounty as it was when the claim was refused. */
export function refusal({ error, data }: Failure, bounty: KnownRun): Refusal {
  if (!error || !isClaimError(error)) return unexplained('claim', { revertData: data ?? null })
  const { code, sentence, extensions } = explainClaimError(error, holderOf(bounty))
  return new Refusal(code, sentence, { extensions })
}

/** @param now in seconds. */
export function signatureRequired(
  market: MarketAddress,
  { bountyId, agentId, party: wallet }: ClaimMessage,
  bounty: KnownRun,
  now: bigint,
): Refusal {
  const claim = { bountyId, agentId, wallet, round: BigInt(bounty.round) + 1n, ...termsOf(bounty) }
  const typedData = claimTypedData(market, claim, now + DEFAULT_VALIDITY_SECONDS)
  const detail = `Sign typedData with ${wallet} and send the claim again with signature and deadline.`
  return new Refusal('SIGNATURE_REQUIRED', detail, { extensions: { typedData } })
}

/** The signature is not the wallet's, of the claim in this round. */
export const invalidClaimSignature = ({ bountyId, party, round = 0n }: ClaimMessage): Refusal => {
  const { code, sentence, extensions } = explainClaimError({
    errorName: 'InvalidSignature',
    args: [bountyId, party, round],
  })
  return new Refusal(code, sentence, { extensions })
}

/** The wallet is a contract that did not accept the signature. @param gas the gas limit of its check. */
export function refusedByContract({ bountyId, party: wallet }: ClaimMessage, round: bigint, gas: bigint): Refusal {
  const detail = `The contract ${wallet} does not accept the signature of this claim of run ${bountyId} in round ${round} within ${gas} gas.`
  const extensions = { round: Number(round) }
  return new Refusal('INVALID_SIGNATURE', detail, { extensions })
}

/** Another claim of the run is undecided. Its decision also decides this one. */
export function claimPending(claimId: Hex, bountyId: bigint): Refusal {
  const detail = `Claim ${claimId} of run ${bountyId} is not decided yet. If it fails, this claim can still win: send it again.`
  return new Refusal('CLAIM_PENDING', detail, { extensions: { claimId }, retrySeconds: PENDING_RETRY_SECONDS })
}

export const keyConflict = (key: string) =>
  new Refusal('IDEMPOTENCY_CONFLICT', `Idempotency-Key ${key} was used for another request. Use a key for each body.`)
