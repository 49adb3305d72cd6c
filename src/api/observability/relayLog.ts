import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { Address, Hash, Hex } from 'viem'
import type { ClaimRequest, NamedClaim } from '../relay/claims/chain/market.ts'
import type { RelayEmitter } from '../relay/events.ts'
import type { ActionRequest, Message, NamedAction } from '../relay/kinds/request.ts'
import { traceIdOf } from './claimTraces.ts'

/** How many claims keep the ids of their request until they are final. */
const MAX_CLAIMS = 10_000

/** What the last step of a claim or action adds to its line. */
type Step = { signer?: Address; nonce?: number; txHash?: Hash; result?: string; outcome?: string }

type RequestIds = { requestId: string | undefined; traceId: string | undefined }

/** The steps of a claim or action, with its events: `claimPlaced`, `actionPlaced`. */
const STEPS = { Placed: 'placed', Sent: 'sent', Decided: 'decided', Final: 'final' } as const
const steps = Object.entries(STEPS) as [keyof typeof STEPS, string][]

/**
 * Logs each step of a claim, from its request to its final block, and of an action, from its answer. The lines of a claim share
 * a `claimId` once the round is known, and a `requestId` if this process received the request, and a `traceId` if it also
 * records traces. No line contains a signature.
 */
export function logRelay(events: RelayEmitter, logger: Logger) {
  const requests = new LRUCache<Hex, RequestIds>({ max: MAX_CLAIMS })

  function claimLine({ claimId, request, round, ...step }: NamedClaim & Step) {
    const ids = request.requestId === undefined && requests.get(claimId)
    return { claimId, ...claimRequestLine(request), round: `${round}`, ...ids, ...stepOf(step) }
  }

  events.on('claimReceived', ({ request }) => {
    logger.info({ ...claimRequestLine(request), isSigned: request.signed !== undefined }, 'claim requested')
  })
  events.on('claimAnswered', ({ request, ...answer }) => {
    logger.info({ ...claimRequestLine(request), ...answer }, 'claim answered')
  })
  events.on('claimPlaced', ({ claimId, request }) => {
    const ids = idsOf(request)
    if (ids.requestId !== undefined) requests.set(claimId, ids)
  })
  events.on('claimReopened', (claim) => logger.warn(claimLine(claim), 'claim reopened by a reorg'))
  events.on('actionAnswered', ({ request, outcome, milliseconds }) => {
    logger.info({ ...requestLine(request), outcome, milliseconds }, 'action answered')
  })
  events.on('actionReopened', (action) => logger.warn(actionLine(action), 'action reopened by a reorg'))
  for (const [name, word] of steps) {
    events.on(`claim${name}`, (claim: NamedClaim & Step) => logger.info(claimLine(claim), `claim ${word}`))
    events.on(`action${name}`, (action: NamedAction & Step) => logger.info(actionLine(action), `action ${word}`))
  }
}

const stepOf = ({ signer, nonce, txHash, result, outcome }: Step) => ({ signer, nonce, txHash, result, outcome })

const idsOf = (request: ClaimRequest): RequestIds => ({ requestId: request.requestId, traceId: traceIdOf(request) })

function claimRequestLine(request: ClaimRequest) {
  const { bountyId, agentId, wallet } = request
  return { bountyId: `${bountyId}`, agentId: `${agentId}`, wallet, ...idsOf(request) }
}

const actionLine = ({ actionId, request, ...step }: NamedAction & Step) => {
  return { actionId, ...requestLine(request), ...stepOf(step) }
}

function requestLine({ requestId, message }: ActionRequest) {
  const { action, party } = message
  return { action, ...aboutOf(message), party, requestId }
}

/** The run, the agent or the payee. */
function aboutOf(message: Message) {
  if ('payee' in message) return { payee: message.payee }
  if ('bountyId' in message)
    return { bountyId: `${message.bountyId}`, ...('round' in message && { round: `${message.round}` }) }
  return { agentId: 'agentId' in message.members ? `${message.members.agentId}` : undefined }
}
