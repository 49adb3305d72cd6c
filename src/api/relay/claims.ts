import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { claimIdOf } from '../claimMessage.ts'
import { Problem } from '../errors.ts'
import { together } from '../together.ts'
import type { Failure } from './chain/calls.ts'
import { unavailable } from './chain/client.ts'
import { gasLimit } from './chain/gas.ts'
import type { Heads } from './chain/heads.ts'
import { type ClaimRequest, checkCall, type Market, readBounty } from './chain/market.ts'
import type { NamedClaim } from './events.ts'
import { refusal, signatureRequired } from './intake/refusal.ts'
import { createSameClaim } from './intake/sameClaim.ts'
import { createCompany } from './queue/company.ts'
import { createCrowds } from './queue/crowds.ts'
import type { Dispatch } from './queue/dispatch.ts'
import { decide } from './reconciliation/decision.ts'
import type { ClaimOutcome } from './relay.ts'
import { outcomeOf } from './results/outcome.ts'
import type { Shown } from './results/shown.ts'
import type { Watch } from './results/watch.ts'
import { isAboutRun, judge, type Verdict } from './simulation/judge.ts'
import { createJudgement, type Judged } from './simulation/judgement.ts'
import { claimsById, findClaim, openClaimsOf, openClaimsOfAgent, type StoredClaim } from './store/claims.ts'
import type { Obstacle } from './store/reservations.ts'
import type { Allocated, Hindrance } from './submission/allocation.ts'
import type { Signer } from './submission/signing.ts'

type Options = {
  pool: pg.Pool
  market: Market
  heads: Heads
  dispatch: Dispatch
  /** Claims as they are decided. */
  decided: Pick<Watch<StoredClaim>, 'until'>
  /** Claims as the index shows them won, which may be sooner; absent where there is no index. */
  shown: Pick<Watch<Shown>, 'until'> | undefined
  /** Who can make the claim; nobody where it needs a signature that it lacks. */
  signersFor: (request: ClaimRequest) => Promise<Signer[]>
  isClosing: () => boolean
  /** How soon what hinders a claim is looked at again, in milliseconds. */
  interval: number
}

/** Why a claim waits for its turn: told to the client if it waits in vain. */
type Waiting = { failure?: Failure; hindrance?: Hindrance | Obstacle }

/** Judges claims, sends those that are good, one at a time for each round of a run, and waits for what becomes of them. */
export function createClaims(options: Options) {
  const { pool, market, heads, dispatch, decided, shown, signersFor, isClosing, interval } = options

  const openClaims = together((bountyIds: readonly bigint[]) => openClaimsOf(pool, bountyIds))
  const company = createCompany()
  const judgeClaim = createJudgement(market, company)
  const findSame = createSameClaim(pool, market)
  const inTurn = createCrowds<Judged>()

  async function claim(request: ClaimRequest, signal: AbortSignal, key?: string): Promise<ClaimOutcome> {
    const waiting: Waiting = {}
    do {
      if (isClosing()) throw unavailable('The server is shutting down.')
      const open = await openClaims(request.bountyId)
      const mine = await findSame(open, request, key)
      if (mine) return follow(mine, signal)
      const [rival] = open
      if (rival) {
        await decided.until(rival, signal)
        continue
      }
      const signers = await signersFor(request)
      dispatch.anticipate(signers)
      const [anyone] = signers
      if (!anyone) throw await refuseUnsigned(request)
      const head = await heads.latest()
      const judged = await inTurn(request.bountyId, {
        isTaken: async () => (await openClaims(request.bountyId)).length > 0,
        judge: () => judgeClaim(anyone.address, request),
      })
      if (!judged) continue
      const { verdict, unlocked } = judged
      if (verdict.verdict === 'refuse') return refuse(request, verdict)
      if (verdict.verdict === 'wait') {
        Object.assign(waiting, { failure: verdict.failure, hindrance: undefined })
        await heads.after(head, signal)
        continue
      }
      const claim = nameClaim(request, BigInt(verdict.bounty.round) + 1n)
      const candidate = {
        ...{ claim, key, gas: gasLimit(request, verdict.gas), lock: verdict.bounty.stake },
        ...{ unlocked, block: head.number },
      }
      const placed = await dispatch.place(candidate, signers, signal)
      if (typeof placed === 'object') return company.count(followPlaced(claim, placed, signal))
      Object.assign(waiting, { failure: undefined, hindrance: placed })
      if (placed === 'locked') await whileLocked(request, signal)
    } while (!signal.aborted)
    return giveUp(request, key, waiting)
  }

  /** What the agent's other claims lock is known again once one of them is decided. */
  async function whileLocked({ agentId }: ClaimRequest, signal: AbortSignal) {
    const [other] = await openClaimsOfAgent(pool, agentId)
    if (other) await decided.until(other, signal)
    else await sleep(interval)
  }

  function nameClaim(request: ClaimRequest, round: bigint): NamedClaim {
    return { claimId: claimIdOf(market, { ...request, round }), request, round }
  }

  /** From here on the claim is stored: whatever fails now, it is not undone. */
  async function followPlaced(claim: NamedClaim, { attempt }: Allocated, signal: AbortSignal) {
    return follow(claim, signal).catch((error): ClaimOutcome => {
      if (!(error instanceof Problem && error.code === 'RELAY_UNAVAILABLE')) throw error
      const { claimId, round } = claim
      return { claimId, round, status: 'signed', txHash: attempt.hash }
    })
  }

  /** Whoever says first what became of the claim, keeper or index, is believed; but a claim is won once the index shows it. */
  async function follow(claim: NamedClaim, signal: AbortSignal): Promise<ClaimOutcome> {
    const { claimId, round } = claim
    const done = new AbortController()
    const either = AbortSignal.any([signal, done.signal])
    const wonWhere = (seen: Shown | undefined): ClaimOutcome | undefined =>
      seen && { claimId, round, status: 'won', blockNumber: seen.blockNumber, txHash: seen.txHash }
    const seen = shown?.until(claim, either).then(wonWhere)
    try {
      const outcome = await Promise.race([
        decided.until(claim, either).then((found) => found && outcomeOf(found)),
        ...(seen ? [seen] : []),
      ])
      if (outcome && outcome.status !== 'won') return outcome
      const won = seen ? await seen : outcome
      if (won) return won
    } finally {
      done.abort()
    }
    return outcomeOf(await findClaim(pool, claimId))
  }

  async function refuse(
    request: ClaimRequest,
    verdict: Extract<Verdict, { verdict: 'refuse' }>,
  ): Promise<ClaimOutcome> {
    const decision = await decide(market, request, verdict)
    if ('won' in decision) {
      const { round, blockNumber } = decision.won
      const claimId = claimIdOf(market, { ...request, round })
      const [relayed] = await claimsById(pool, [claimId])
      return { claimId, status: 'won', round, blockNumber, ...(relayed?.txHash && { txHash: relayed.txHash }) }
    }
    // The relayer gave up its role since this process asked for it.
    const isRoleLost = verdict.failure.error?.errorName === 'NotRelayer'
    throw isRoleLost ? await refuseUnsigned(request) : decision.refused
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
  async function giveUp(
    request: ClaimRequest,
    key: string | undefined,
    { failure, hindrance }: Waiting,
  ): Promise<ClaimOutcome> {
    const open = await openClaims(request.bountyId)
    const mine = await findSame(open, request, key)
    if (mine) return follow(mine, AbortSignal.abort())
    if (open.length > 0) throw unavailable(`Another claim of run ${request.bountyId} is not decided yet.`)
    if (failure) throw refusal(request, failure, await readBounty(market, request.bountyId))
    if (hindrance === 'stuck') throw unavailable('The chain’s node does not take claims.')
    if (hindrance === 'full') throw unavailable('The relay is too busy.')
    if (hindrance === 'locked') throw unavailable(`Other claims of agent ${request.agentId} are not decided yet.`)
    throw unavailable('A transaction that is not mined yet decides about this claim.')
  }

  return claim
}
