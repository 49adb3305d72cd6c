import type { ActionSigner } from './action.ts'
import type { components } from './api.ts'
import type { MarketAddress } from './claimMessage.ts'
import type { AnyId } from './reads.ts'
import { type Api, bodyOf, type CallOptions, stoppedBy } from './request.ts'
import { domainOf, typedDataOf } from './typedData.ts'

export type ApplicationOptions = CallOptions & {
  agentId: AnyId
  /** The agent's wallet. */
  signer: ActionSigner
}

/**
 * Signs an application for the run and sends it, or with no note its withdrawal. Off chain: it is safe to repeat.
 * @throws ProblemError with the refusal. UnexpectedMessageError before it signs another message.
 */
export async function sendApplication(
  api: Api,
  market: MarketAddress,
  run: AnyId,
  note: string | undefined,
  { agentId, signer, ...options }: ApplicationOptions,
): Promise<components['schemas']['Done']> {
  const stopped = stoppedBy(options)
  const query = { runId: String(run), agentId: String(agentId), walletAddress: signer.address }
  const { typedData: asked } = await (note === undefined
    ? bodyOf(api.GET('/api/messages/withdraw', { params: { query }, ...stopped }))
    : bodyOf(api.GET('/api/messages/apply', { params: { query: { ...query, note } }, ...stopped })))
  const action = note === undefined ? 'withdraw' : 'apply'
  const own = { runId: run, agentId, wallet: signer.address, note }
  const typedData = typedDataOf(action, domainOf('Runline', market.chainId, market.address), own, asked)
  const signature = await signer.signTypedData(typedData)
  const body = {
    agentId: query.agentId,
    walletAddress: signer.address,
    deadline: String(typedData.message.deadline),
    signature,
  }
  const params = { path: { id: query.runId } }
  return note === undefined
    ? bodyOf(api.DELETE('/api/runs/{id}/applications', { params, body, ...stopped }))
    : bodyOf(api.POST('/api/runs/{id}/applications', { params, body: { ...body, note }, ...stopped }))
}
