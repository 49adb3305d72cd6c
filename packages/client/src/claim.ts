import type { components } from './api.ts'
import {
  type ClaimParties,
  claimTypedData,
  type ExpectedTerms,
  type MarketAddress,
  type Signer,
} from './claimMessage.ts'
import { UndecidedClaimError } from './errors.ts'
import { outcomeOf, type Pending } from './outcome.ts'
import { type Api, bodyOf, stoppedBy, wait } from './request.ts'
import type { ReadRun } from './run.ts'
import type { WaitOptions } from './untilDecided.ts'

type Claim = components['schemas']['Claim']

export type ClaimOptions = WaitOptions & {
  agentId: bigint | number | string
  /** The agent's wallet. */
  signer: Signer
  /** Terms that the caller agrees to. Those that it does not name are of the run that it has read, else the market's defaults. */
  expected?: ExpectedTerms | undefined
}

type PendingClaim = Pending<components['schemas']['PendingClaim']>

/**
 * Signs the claim, sends it, and repeats it until it is decided. A repetition has the same body and the same
 * `Idempotency-Key`, so it is the same claim for the API. It signs once: an API that refuses signatures gets no second one.
 * @throws ProblemError with the refusal. UndecidedClaimError at the timeout. UnexpectedMessageError before it signs
 * another message than the claim.
 */
export async function claimRun(
  api: Api,
  market: MarketAddress,
  run: ReadRun,
  { agentId, signer, expected = {}, timeoutSeconds = 300, signal, onRetry }: ClaimOptions,
): Promise<Claim> {
  const until = Date.now() + timeoutSeconds * 1_000
  const id = String(run.bountyId)
  const body = await sign(api, market, { run, agentId: String(agentId), wallet: signer.address }, expected, {
    signer,
    signal,
  })
  const key = crypto.randomUUID()

  /** Waits as long as the answer says. @throws UndecidedClaimError if that is after the timeout. */
  async function pause({ seconds, state, answer }: PendingClaim) {
    if (Date.now() + seconds * 1_000 > until) throw new UndecidedClaimError(state, answer?.claimId)
    onRetry?.({ request: `The claim of run ${id}`, reason: state, seconds })
    await wait(seconds, signal)
  }

  for (;;) {
    const params = { path: { id }, header: { 'idempotency-key': key } }
    const answer = await outcomeOf(api.POST('/api/runs/{id}/claim', { params, body, ...stoppedBy({ signal }) }))
    if ('success' in answer) return answer
    await pause(answer)
    while (answer.isStored && (await isUndecided(api, answer, signal))) await pause(answer)
  }
}

/** The body of the claim, with the wallet's signature. */
async function sign(
  api: Api,
  market: MarketAddress,
  parties: ClaimParties,
  expected: ExpectedTerms,
  { signer, signal }: Pick<ClaimOptions, 'signer' | 'signal'>,
) {
  const { run, agentId, wallet } = parties
  const params = { path: { id: String(run.bountyId) }, query: { agentId, walletAddress: wallet } }
  const asked = api.GET('/api/runs/{id}/claim-message', { params, ...stoppedBy({ signal }) })
  const typedData = claimTypedData(await bodyOf(asked), parties, expected, market)
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
