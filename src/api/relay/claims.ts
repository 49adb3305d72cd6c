import { isAddressEqual } from 'viem'
import { claimIdOf } from '../claimMessage.ts'
import type { Problem } from '../errors.ts'
import type { Flight, Flights } from './flights.ts'
import type { Heads } from './heads.ts'
import { isHeldBy } from './held.ts'
import { judge, type Verdict } from './judge.ts'
import { type ClaimRequest, checkCall, claimCall, type Market, readBounty } from './market.ts'
import { refusal, signatureRequired } from './refusal.ts'
import type { ClaimOutcome } from './relay.ts'
import { answer, unavailable } from './rpc.ts'
import type { Signer } from './signer.ts'
import type { Failure } from './trial.ts'

type Options = {
  market: Market
  heads: Heads
  flights: Flights
  /** Who can make the claim; nobody where it needs a signature that it lacks. */
  signersFor: (request: ClaimRequest) => Promise<Signer[]>
  isClosing: () => boolean
}

/** Judges claims, sends those that are good, one at a time for each run, and waits for what becomes of them. */
export function createClaims({ market, heads, flights, signersFor, isClosing }: Options) {
  async function claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimOutcome> {
    const aborted = abortion(signal)
    let undecided: Failure | undefined
    while (!signal.aborted) {
      if (isClosing()) throw unavailable('The server is shutting down.')
      const rival = flights.of(request.bountyId)
      if (rival) {
        await Promise.race([rival.over, aborted])
        continue
      }
      const signers = await signersFor(request)
      const [anyone] = signers
      if (!anyone) throw await refuseUnsigned(request)
      const head = await heads.latest()
      const verdict = await judge(market, claimCall(market, anyone.address, request), request)
      if (verdict.verdict === 'refuse') return refuse(request, verdict)
      if (verdict.verdict === 'wait') {
        undecided = verdict.failure
        await heads.after(head, signal)
        continue
      }
      if (flights.of(request.bountyId)) continue
      const round = BigInt(verdict.bounty.round) + 1n
      const signer = signers.reduce((left, right) => (right.load() < left.load() ? right : left))
      const outcome = await follow(flights.launch(signer, request, round, verdict.gas, signal), aborted)
      if (outcome) return outcome
    }
    return giveUp(request, undecided)
  }

  /** @returns undefined if the flight decided nothing, so that the claim has to be judged again. */
  async function follow(flight: Flight, aborted: Promise<'aborted'>): Promise<ClaimOutcome | undefined> {
    await flight.sent
    const landing = await Promise.race([flight.landed, aborted])
    if (landing === 'aborted') return inFlight(flight)
    if (!landing) return undefined
    return { claimId: claimIdOf(market, { ...flight.request, round: landing.round }), status: 'won', ...landing }
  }

  async function inFlight({ claimId, round, sent }: Flight): Promise<ClaimOutcome> {
    const { hash: txHash, accepted } = await sent
    return { claimId, round, status: accepted ? 'accepted' : 'signed', txHash }
  }

  async function refuse(
    request: ClaimRequest,
    { failure, bounty }: Extract<Verdict, { verdict: 'refuse' }>,
  ): Promise<ClaimOutcome> {
    if (await isHeldBy(market, request, bounty)) {
      const round = BigInt(bounty.round)
      const blockNumber = await answer(market.client.getBlockNumber({ cacheTime: 0 }))
      return { claimId: claimIdOf(market, { ...request, round }), status: 'won', round, blockNumber }
    }
    // The relayer gave up its role since this process asked for it.
    if (failure.error?.errorName === 'AccessControlUnauthorizedAccount') throw await refuseUnsigned(request)
    throw refusal(request, failure, bounty)
  }

  /** In the contract's order: found, open and in time come before the signature, the agent after it. */
  async function refuseUnsigned(request: ClaimRequest): Promise<Problem> {
    const [verdict, head] = await Promise.all([judge(market, checkCall(market, request), request), heads.latest()])
    const failure = verdict.verdict === 'send' ? undefined : verdict.failure
    if (failure && isAboutRun(failure)) return refusal(request, failure, verdict.bounty)
    const clock = BigInt(Math.floor(Date.now() / 1_000))
    return signatureRequired(market, request, verdict.bounty, head.timestamp > clock ? head.timestamp : clock)
  }

  /** The wait ran out before this claim could be sent. */
  async function giveUp(request: ClaimRequest, undecided: Failure | undefined): Promise<ClaimOutcome> {
    const flight = flights.of(request.bountyId)
    if (flight && isSame(flight.request, request)) return inFlight(flight)
    if (flight) throw unavailable(`Another claim of run ${request.bountyId} is not decided yet.`)
    if (undecided) throw refusal(request, undecided, await readBounty(market, request.bountyId))
    throw unavailable('A transaction that is not mined yet decides about this claim.')
  }

  return claim
}

function abortion(signal: AbortSignal): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('aborted')
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true })
  })
}

const isAboutRun = ({ error }: Failure) =>
  error?.errorName === 'BountyNotFound' ||
  error?.errorName === 'BountyNotOpen' ||
  error?.errorName === 'BountyDeadlinePassed'

const isSame = (left: ClaimRequest, right: ClaimRequest) =>
  left.agentId === right.agentId &&
  isAddressEqual(left.wallet, right.wallet) &&
  left.signed?.signature === right.signed?.signature
