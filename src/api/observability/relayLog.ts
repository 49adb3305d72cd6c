import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { Address, Hash, Hex } from 'viem'
import type { RelayEmitter } from '../relay/events.ts'
import { type ActionRequest, type Message, type NamedAction, nounOf, UNSIGNED } from '../relay/kinds/request.ts'
import { traceIdOf } from './actionTraces.ts'

/** How many actions keep the ids of their request until they are final, and how many requests those of their trace. */
const MAX_ENTRIES = 10_000

/** What the last step of an action adds to its line. */
type Step = { signer?: Address; nonce?: number; txHash?: Hash; result?: string; outcome?: string }

type RequestIds = { requestId: string | undefined; traceId: string | undefined }

/** The steps of an action, with their events: `actionPlaced`. */
const STEPS = { Placed: 'placed', Sent: 'sent', Decided: 'decided', Final: 'final' } as const
const steps = Object.entries(STEPS) as [keyof typeof STEPS, string][]

/**
 * Logs each step of an action, from its request to its final block. Its lines share a `claimId` or an `actionId` once that is
 * known, and a `requestId` if this process received the request, and a `traceId` if it also records traces. No line contains a
 * signature.
 */
export function logRelay(events: RelayEmitter, logger: Logger) {
  const requests = new LRUCache<Hex, RequestIds>({ max: MAX_ENTRIES })
  /** By the id of the request. */
  const traces = new LRUCache<string, string>({ max: MAX_ENTRIES })

  function line({ actionId, request, signer, nonce, txHash, result, outcome }: NamedAction & Step) {
    const ids = request.requestId === undefined && requests.get(actionId)
    return { ...idOf(request, actionId), ...requestLine(request), ...ids, signer, nonce, txHash, result, outcome }
  }

  function requestLine(request: ActionRequest) {
    const { requestId, message } = request
    const traceId = traceIdOf(request) ?? (requestId === undefined ? undefined : traces.get(requestId))
    return { ...aboutOf(message), requestId, traceId }
  }

  events.on('actionReceived', ({ request }) => {
    const traceId = traceIdOf(request)
    if (request.requestId !== undefined && traceId !== undefined) traces.set(request.requestId, traceId)
    const isSigned = request.signature !== UNSIGNED
    logger.info({ ...requestLine(request), isSigned }, `${nounOf(request.message)} requested`)
  })
  events.on('actionAnswered', ({ request, actionId, outcome, milliseconds }) => {
    const answer = { outcome, ...(actionId && idOf(request, actionId)), milliseconds }
    logger.info({ ...requestLine(request), ...answer }, `${nounOf(request.message)} answered`)
  })
  events.on('actionPlaced', ({ actionId, request }) => {
    const { requestId, traceId } = requestLine(request)
    if (requestId !== undefined) requests.set(actionId, { requestId, traceId })
  })
  events.on('actionReopened', (action) => {
    logger.warn(line(action), `${nounOf(action.request.message)} reopened by a reorg`)
  })
  for (const [name, word] of steps) {
    events.on(`action${name}`, (action: NamedAction & Step) =>
      logger.info(line(action), `${nounOf(action.request.message)} ${word}`),
    )
  }
}

const idOf = ({ message }: ActionRequest, id: Hex) => (message.action === 'claim' ? { claimId: id } : { actionId: id })

/** What it does, to which run, agent or payee, and for whom. */
function aboutOf(message: Message) {
  if (message.action === 'claim') {
    const { bountyId, agentId, party: wallet, round } = message
    return { bountyId: `${bountyId}`, agentId: `${agentId}`, wallet, ...(round !== undefined && { round: `${round}` }) }
  }
  const { action, party } = message
  if ('payee' in message) return { action, payee: message.payee, party }
  if ('bountyId' in message) {
    const round = 'round' in message && { round: `${message.round}` }
    return { action, bountyId: `${message.bountyId}`, ...round, party }
  }
  return { action, agentId: 'agentId' in message.members ? `${message.members.agentId}` : undefined, party }
}
