import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { Address, Hash, Hex } from 'viem'
import type { ClaimRequest, NamedClaim } from '../relay/claims/chain/market.ts'
import type { RelayEmitter } from '../relay/events.ts'
import { traceIdOf } from './claimTraces.ts'

/** How many claims keep the ids of their request until they are final. */
const MAX_CLAIMS = 10_000

/**
 * Logs each step of a claim, from its request to its final block. The lines share a `claimId` once the round is known,
 * and a `requestId` if this process received the request, and a `traceId` if it also records traces. No line contains a
 * signature.
 */
export function logClaims(events: RelayEmitter, logger: Logger) {
  const requests = new LRUCache<Hex, RequestIds>({ max: MAX_CLAIMS })

  function lineOf({ claimId, request, round, signer, nonce, txHash, result, outcome }: Step) {
    const ids = request.requestId === undefined && requests.get(claimId)
    return { claimId, ...requestLine(request), round: `${round}`, ...ids, signer, nonce, txHash, result, outcome }
  }

  events.on('claimReceived', ({ request }) => {
    logger.info({ ...requestLine(request), isSigned: request.signed !== undefined }, 'claim requested')
  })
  events.on('claimAnswered', ({ request, ...answer }) => {
    logger.info({ ...requestLine(request), ...answer }, 'claim answered')
  })
  events.on('claimPlaced', (claim) => {
    const ids = idsOf(claim.request)
    if (ids.requestId !== undefined) requests.set(claim.claimId, ids)
    logger.info(lineOf(claim), 'claim placed')
  })
  events.on('claimSent', (claim) => logger.info(lineOf(claim), 'claim sent'))
  events.on('claimDecided', (claim) => logger.info(lineOf(claim), 'claim decided'))
  events.on('claimReopened', (claim) => logger.warn(lineOf(claim), 'claim reopened by a reorg'))
  events.on('claimFinal', (claim) => logger.info(lineOf(claim), 'claim final'))
}

/** A claim, with what its last step adds. */
type Step = NamedClaim & { signer?: Address; nonce?: number; txHash?: Hash; result?: string; outcome?: string }

type RequestIds = { requestId: string | undefined; traceId: string | undefined }

const idsOf = (request: ClaimRequest): RequestIds => ({ requestId: request.requestId, traceId: traceIdOf(request) })

function requestLine(request: ClaimRequest) {
  const { bountyId, agentId, wallet } = request
  return { bountyId: `${bountyId}`, agentId: `${agentId}`, wallet, ...idsOf(request) }
}
