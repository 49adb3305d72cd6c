import type { Logger } from 'pino'
import type { Hex, TransactionReceipt } from 'viem'
import { type Claim, claimIdOf } from '../claimMessage.ts'
import { Problem } from '../errors.ts'
import type { SignedTransaction } from './journal.ts'
import type { ClaimRequest, Market } from './market.ts'
import type { Signer } from './signer.ts'
import { conclude, type Landing, send } from './transaction.ts'

/** A claim on its way: from the decision to send it until the chain has decided it. */
export type Flight = {
  request: ClaimRequest
  claimId: Hex
  round: bigint
  /** Rejects if the claim was not sent. */
  sent: Promise<SignedTransaction>
  /** Undefined if nothing was decided, for another transaction took the nonce. Rejects as `sent`, or if it was refused. */
  landed: Promise<Landing | undefined>
  /** Resolves, whatever came of it, once the next claim of the run may leave. */
  over: Promise<void>
}

export type Flights = {
  of(bountyId: bigint): Flight | undefined
  /** @param gas what the claim took when it was tried. @throws if one of the run is on its way. */
  launch(signer: Signer, request: ClaimRequest, round: bigint, gas: bigint, signal: AbortSignal): Flight
  /** Resolves when all that are on their way now are over. */
  drained(): Promise<void>
  count(): number
}

type Options = {
  market: Market
  watch: (transaction: SignedTransaction) => Promise<TransactionReceipt | undefined>
  logger: Logger
}

/** At most one claim of a run is on its way in this process, so that claims of one API do not revert on each other. */
export function createFlights({ market, watch, logger }: Options): Flights {
  const flights = new Map<bigint, Flight>()

  function launch(signer: Signer, request: ClaimRequest, round: bigint, gas: bigint, signal: AbortSignal): Flight {
    const { bountyId } = request
    if (flights.has(bountyId)) throw new Error(`A claim of run ${bountyId} is already on its way`)
    const claimId = claimIdOf(market, { ...request, round })
    const sent = send(market, signer, request, gas, signal)
    const landed = sent.then(watch).then((receipt) => receipt && conclude(market, request, receipt))
    const over = report({ ...request, round }, { claimId, sent, landed }).finally(() => flights.delete(bountyId))
    const flight = { request, claimId, round, sent, landed, over }
    flights.set(bountyId, flight)
    return flight
  }

  /** The claim's line in the log: also of those whose client no longer waits. */
  async function report(
    { bountyId, agentId, wallet, round }: Claim,
    { claimId, sent, landed }: Pick<Flight, 'claimId' | 'sent' | 'landed'>,
  ): Promise<void> {
    const start = performance.now()
    const line = { claimId, bountyId: `${bountyId}`, agentId: `${agentId}`, wallet, round: `${round}` }
    try {
      const landing = await landed
      const { hash: txHash, signer, nonce } = await sent
      const milliseconds = Math.round(performance.now() - start)
      logger.info({ ...line, txHash, signer, nonce, milliseconds, won: landing !== undefined }, 'claim decided')
    } catch (error) {
      if (error instanceof Problem) logger.info({ ...line, code: error.code, detail: error.message }, 'claim refused')
      else logger.error({ ...line, err: error }, 'claim failed')
    }
  }

  return {
    of: (bountyId) => flights.get(bountyId),
    launch,
    drained: async () => void (await Promise.all([...flights.values()].map(({ over }) => over))),
    count: () => flights.size,
  }
}
