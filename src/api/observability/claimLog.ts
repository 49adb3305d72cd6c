import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { Hex } from 'viem'
import type { ClaimRequest, NamedClaim } from '../relay/chain/market.ts'
import type { RelayEmitter } from '../relay/events.ts'

/** How many claims keep their request id until they are final. */
const MAX_CLAIMS = 10_000

/**
 * Logs each step of a claim, from its request to its final block. The lines share a `claimId` once the round is known,
 * and a `requestId` if this process received the request. No line contains a signature.
 */
export function logClaims(events: RelayEmitter, logger: Logger) {
  const requestIds = new LRUCache<Hex, string>({ max: MAX_CLAIMS })

  function lineOf({ claimId, request, round }: NamedClaim) {
    return {
      claimId,
      ...requestLine(request),
      round: `${round}`,
      requestId: request.requestId ?? requestIds.get(claimId),
    }
  }

  events.on('claimReceived', ({ request }) => {
    logger.info({ ...requestLine(request), isSigned: request.signed !== undefined }, 'claim requested')
  })
  events.on('claimAnswered', ({ request, ...answer }) => {
    logger.info({ ...requestLine(request), ...answer }, 'claim answered')
  })
  events.on('claimReserved', ({ signer, nonce, txHash, ...claim }) => {
    const { requestId } = claim.request
    if (requestId !== undefined) requestIds.set(claim.claimId, requestId)
    logger.info({ ...lineOf(claim), signer, nonce, txHash }, 'claim reserved')
  })
  events.on('claimSent', ({ signer, nonce, txHash, result, ...claim }) => {
    logger.info({ ...lineOf(claim), signer, nonce, txHash, result }, 'claim sent')
  })
  events.on('claimDecided', ({ txHash, outcome, ...claim }) => {
    logger.info({ ...lineOf(claim), txHash, outcome }, 'claim decided')
  })
  events.on('claimReopened', (claim) => logger.warn(lineOf(claim), 'claim reopened by a reorg'))
  events.on('claimFinal', ({ txHash, outcome, ...claim }) => {
    logger.info({ ...lineOf(claim), txHash, outcome }, 'claim final')
  })
}

function requestLine({ bountyId, agentId, wallet, requestId }: ClaimRequest) {
  return { bountyId: `${bountyId}`, agentId: `${agentId}`, wallet, requestId }
}
