import type { Logger } from 'pino'
import type { Address, Hash } from 'viem'
import type { RelayEmitter } from '../relay/events.ts'
import type { ActionRequest, Message, NamedAction } from '../relay/kinds/request.ts'

/** An action, with what its last step adds. */
type Step = NamedAction & { signer?: Address; nonce?: number; txHash?: Hash; result?: string; outcome?: string }

/** Logs each step of a signed action, from its answer to its final block. No line contains a signature. */
export function logActions(events: RelayEmitter, logger: Logger) {
  events.on('actionAnswered', ({ request, outcome, milliseconds }) => {
    logger.info({ ...requestLine(request), outcome, milliseconds }, 'action answered')
  })
  events.on('actionPlaced', (action) => logger.info(lineOf(action), 'action placed'))
  events.on('actionSent', (action) => logger.info(lineOf(action), 'action sent'))
  events.on('actionDecided', (action) => logger.info(lineOf(action), 'action decided'))
  events.on('actionReopened', (action) => logger.warn(lineOf(action), 'action reopened by a reorg'))
  events.on('actionFinal', (action) => logger.info(lineOf(action), 'action final'))
}

function lineOf({ actionId, request, signer, nonce, txHash, result, outcome }: Step) {
  return { actionId, ...requestLine(request), signer, nonce, txHash, result, outcome }
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
