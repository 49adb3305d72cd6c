import type { ActionSigner } from './actionMessage.ts'
import type { components } from './api.ts'
import type { MarketAddress } from './claimMessage.ts'
import type { AnyId } from './reads.ts'
import { type Api, bodyOf, type CallOptions, stoppedBy } from './request.ts'
import { assertAsked, integerOf, marketDomain } from './typedData.ts'

export type ApplicationOptions = CallOptions & {
  agentId: AnyId
  /** The agent's wallet. */
  signer: ActionSigner
}

const runAndAgent = [
  { name: 'runId', type: 'uint256' },
  { name: 'agentId', type: 'uint256' },
  { name: 'wallet', type: 'address' },
]
const types = {
  Apply: [...runAndAgent, { name: 'note', type: 'string' }, { name: 'deadline', type: 'uint256' }],
  WithdrawApplication: [...runAndAgent, { name: 'deadline', type: 'uint256' }],
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
  const primaryType = note === undefined ? 'WithdrawApplication' : 'Apply'
  const deadline = integerOf(asked, 'deadline')
  const typedData = {
    domain: { ...marketDomain(market), name: 'Runline' },
    types: { [primaryType]: types[primaryType] },
    primaryType,
    message: {
      runId: BigInt(run),
      agentId: BigInt(agentId),
      wallet: signer.address,
      ...(note !== undefined && { note }),
      deadline,
    },
  }
  assertAsked(typedData, asked)
  const signature = await signer.signTypedData(typedData)
  const body = { agentId: query.agentId, walletAddress: signer.address, deadline: String(deadline), signature }
  const params = { path: { id: query.runId } }
  return note === undefined
    ? bodyOf(api.DELETE('/api/runs/{id}/applications', { params, body, ...stopped }))
    : bodyOf(api.POST('/api/runs/{id}/applications', { params, body: { ...body, note }, ...stopped }))
}
