import type { components } from './api.ts'
import { claimTypedData, type ExpectedTerms, type MarketAddress, type Signer } from './claimMessage.ts'
import { type Api, bodyOf, stoppedBy } from './request.ts'
import type { ReadRun } from './run.ts'
import { digestOf } from './typedData.ts'
import { untilDecided, type WaitOptions } from './untilDecided.ts'

type Claim = components['schemas']['Claim']

export type ClaimOptions = WaitOptions & {
  agentId: bigint | number | string
  /** The agent's wallet. */
  signer: Signer
  /** Terms that the caller agrees to. Those that it does not name are of the run that it has read, else the market's defaults. */
  expected?: ExpectedTerms | undefined
}

/**
 * Signs the claim, sends it, and repeats it until it is decided. A repetition has the same body and the same
 * `Idempotency-Key`, so it is the same claim for the API. It signs once: an API that refuses signatures gets no second one.
 * @throws ProblemError with the refusal. UndecidedError at the timeout. UnexpectedMessageError before it signs
 * another message than the claim.
 */
export async function claimRun(
  api: Api,
  market: MarketAddress,
  run: ReadRun,
  { agentId, signer, expected = {}, ...options }: ClaimOptions,
): Promise<Claim> {
  const id = String(run.bountyId)
  const parties = { run, agentId: String(agentId), wallet: signer.address }
  const query = { agentId: parties.agentId, walletAddress: parties.wallet }
  const asked = api.GET('/api/runs/{id}/claim-message', { params: { path: { id }, query }, ...stoppedBy(options) })
  const typedData = claimTypedData(await bodyOf(asked), parties, expected, market)
  const signature = await signer.signTypedData(typedData)
  const body = { ...query, signature, deadline: String(typedData.message.deadline) }
  const params = { path: { id }, header: { 'idempotency-key': crypto.randomUUID() } }
  const send = () => api.POST('/api/runs/{id}/claim', { params, body, ...stoppedBy(options) })
  return untilDecided({ what: `The claim of run ${id}`, actionId: digestOf(typedData) }, send, options)
}
