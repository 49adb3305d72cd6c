import type { components } from './api.ts'
import { type ClaimParties, claimTypedData, type MarketAddress, type Signer } from './claimMessage.ts'
import { isProblem, UndecidedClaimError } from './errors.ts'
import { outcomeOf, type Pending } from './outcome.ts'
import { type Api, bodyOf, stoppedBy, wait } from './request.ts'
import type { WaitOptions } from './untilDecided.ts'

type Claim = components['schemas']['Claim']

/** How many messages are signed for one claim: another agent's claim of the run ends the round of the first. */
const MAX_SIGNATURES = 3

export type ClaimOptions = WaitOptions & {
  agentId: bigint | number | string
  /** The agent's wallet. */
  signer: Signer
}

type PendingClaim = Pending<components['schemas']['PendingClaim']>

/**
 * Signs the claim, sends it, and repeats it until it is decided. A repetition has the same body and the same
 * `Idempotency-Key`, so it is the same claim for the API.
 * @throws ProblemError with the refusal. UndecidedClaimError at the timeout. UnexpectedMessageError before it signs
 * another message than the claim.
 */
export async function claimRun(
  api: Api,
  market: MarketAddress,
  runId: string,
  { agentId, signer, timeoutSeconds = 300, signal, onRetry }: ClaimOptions,
): Promise<Claim> {
  const until = Date.now() + timeoutSeconds * 1_000
  const parties = { runId, agentId: String(agentId), wallet: signer.address }

  async function decide(): Promise<Claim> {
    const body = await sign(api, market, parties, { signer, signal })
    // Another signature is another body, which needs another key.
    const key = crypto.randomUUID()
    for (;;) {
      const params = { path: { id: runId }, header: { 'idempotency-key': key } }
      const answer = await outcomeOf(api.POST('/api/runs/{id}/claim', { params, body, ...stoppedBy({ signal }) }))
      if ('success' in answer) return answer
      await pause(answer)
      while (answer.isStored && (await isUndecided(api, answer, signal))) await pause(answer)
    }
  }

  /** Waits as long as the answer says. @throws UndecidedClaimError if that is after the timeout. */
  async function pause({ seconds, state, answer }: PendingClaim) {
    if (Date.now() + seconds * 1_000 > until) throw new UndecidedClaimError(state, answer?.claimId)
    onRetry?.({ request: `The claim of run ${runId}`, reason: state, seconds })
    await wait(seconds, signal)
  }

  for (let signatures = 1; ; signatures++) {
    try {
      return await decide()
    } catch (error) {
      const isOutdated = isProblem(error, 'INVALID_SIGNATURE', 'SIGNATURE_EXPIRED')
      if (!isOutdated || signatures === MAX_SIGNATURES) throw error
    }
  }
}

/** The body of the claim, with the wallet's signature. */
async function sign(
  api: Api,
  market: MarketAddress,
  parties: ClaimParties,
  { signer, signal }: Pick<ClaimOptions, 'signer' | 'signal'>,
) {
  const { runId, agentId, wallet } = parties
  const params = { path: { id: runId }, query: { agentId, walletAddress: wallet } }
  const asked = api.GET('/api/runs/{id}/claim-message', { params, ...stoppedBy({ signal }) })
  const typedData = claimTypedData(await bodyOf(asked), parties, market)
  const signature = await signer.signTypedData(typedData)
  return { agentId, walletAddress: wallet, signature, deadline: String(typedData.message.deadline) }
}

/** Whether the chain has not decided the claim. Notes its state. */
async function isUndecided(api: Api, pending: PendingClaim, signal: AbortSignal | undefined): Promise<boolean> {
  if (pending.answer === undefined) return false
  const { claimId } = pending.answer
  const params = { path: { claimId } }
  const claim = await bodyOf(api.GET('/api/claims/{claimId}', { params, ...stoppedBy({ signal }) }))
  pending.state = claim.state
  return claim.state === 'signed' || claim.state === 'accepted'
}
