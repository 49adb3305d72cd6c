import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Hex, isAddressEqual, type LocalAccount } from 'viem'
import { claimIdOf } from '../claimMessage.ts'
import { Problem } from '../errors.ts'
import type { Allocated, Allocator, Hindrance } from './allocation.ts'
import { bodyHashOf, claimByKey, claimsById, openClaimsOf, rememberKey, type StoredClaim } from './claimStore.ts'
import { isUniqueViolation, stored } from './database.ts'
import { decide, gasLimit } from './decision.ts'
import type { NamedClaim } from './events.ts'
import type { Heads } from './heads.ts'
import { judge, type Verdict } from './judge.ts'
import { type ClaimRequest, checkCall, claimCall, type Market, readBounty } from './market.ts'
import { outcomeOf } from './outcome.ts'
import { refusal, signatureRequired } from './refusal.ts'
import type { ClaimOutcome } from './relay.ts'
import { unavailable } from './rpc.ts'
import type { Failure } from './trial.ts'

type Options = {
  pool: pg.Pool
  market: Market
  heads: Heads
  allocator: Allocator
  /** Hands new bytes to the node, and resolves when it has answered. */
  send: (claim: NamedClaim, allocated: Allocated) => Promise<void>
  /** The claim once it is decided; undefined if `signal` aborts first. */
  decided: (claimId: Hex, signal: AbortSignal) => Promise<StoredClaim | undefined>
  /** Who can make the claim, whose turn it is first; nobody where it needs a signature that it lacks. */
  signersFor: (request: ClaimRequest) => Promise<LocalAccount[]>
  isClosing: () => boolean
  /** How soon what hinders a claim is looked at again, in milliseconds. */
  interval: number
}

/** Why a claim waits for its turn: told to the client if it waits in vain. */
type Waiting = { failure?: Failure; hindrance?: Hindrance }

/** Judges claims, sends those that are good, one at a time for each round of a run, and waits for what becomes of them. */
export function createClaims(options: Options) {
  const { pool, market, heads, allocator, send, decided, signersFor, isClosing, interval } = options

  async function claim(request: ClaimRequest, signal: AbortSignal, key?: string): Promise<ClaimOutcome> {
    const waiting: Waiting = {}
    do {
      if (isClosing()) throw unavailable('The server is shutting down.')
      const mine = await findSame(request, key)
      if (mine) return follow(mine.claimId, signal)
      const [rival] = await openClaimsOf(pool, request.bountyId)
      if (rival) {
        await decided(rival.claimId, signal)
        continue
      }
      const signers = await signersFor(request)
      const [anyone] = signers
      if (!anyone) throw await refuseUnsigned(request)
      const head = await heads.latest()
      const verdict = await judge(market, claimCall(market, anyone.address, request), request)
      if (verdict.verdict === 'refuse') return refuse(request, verdict)
      if (verdict.verdict === 'wait') {
        Object.assign(waiting, { failure: verdict.failure, hindrance: undefined })
        await heads.after(head, signal)
        continue
      }
      const round = BigInt(verdict.bounty.round) + 1n
      const reserved = await reserve(signers, request, round, gasLimit(request, verdict.gas), key)
      if (typeof reserved === 'object') {
        const claimId = claimIdOf(market, { ...request, round })
        return sendAndFollow(reserved, { claimId, request, round }, signal)
      }
      if (reserved === 'unfunded') throw unavailable('The relayer is out of funds.', undefined, 60)
      Object.assign(waiting, { failure: undefined, hindrance: reserved })
      await sleep(interval)
    } while (!signal.aborted)
    return giveUp(request, key, waiting)
  }

  /**
   * The claim that the request asks for, where it is stored and must not be judged again: the key's, or one on its way.
   * @throws Problem IDEMPOTENCY_CONFLICT if it was asked for in other words.
   */
  async function findSame(request: ClaimRequest, key: string | undefined) {
    const bodyHash = bodyHashOf(request)
    const named = key === undefined ? undefined : await claimByKey(pool, key)
    if (named && named.bodyHash !== bodyHash) throw conflict('This Idempotency-Key came with another request before.')
    if (named) return named
    const open = await openClaimsOf(pool, request.bountyId)
    const same = open.find(({ request: other }) => isSameClaim(other, request))
    if (!same) return undefined
    if (same.bodyHash !== bodyHash) {
      if (key !== undefined) return undefined
      throw conflict('This claim is on its way with another signature.')
    }
    if (key !== undefined) await remember(key, bodyHash, same.claimId)
    return same
  }

  async function remember(key: string, bodyHash: Hex, claimId: Hex) {
    await stored(rememberKey(pool, key, bodyHash, claimId)).catch(async (error) => {
      if (!isUniqueViolation(error)) throw error
      const named = await claimByKey(pool, key)
      if (named?.bodyHash !== bodyHash) throw conflict('This Idempotency-Key came with another request before.')
    })
  }

  /** The first signer that can take it, takes it. */
  async function reserve(
    signers: LocalAccount[],
    ...claim: Parameters<Allocator['reserve']> extends [LocalAccount, ...infer Rest] ? Rest : never
  ): Promise<Allocated | Hindrance> {
    let hindrance: Hindrance = 'full'
    for (const signer of signers) {
      const reserved = await allocator.reserve(signer, ...claim)
      if (typeof reserved === 'object' || reserved === 'rival') return reserved
      hindrance = reserved
    }
    return hindrance
  }

  /** From here on the claim is stored: whatever fails now, it is not undone. */
  async function sendAndFollow(reserved: Allocated, claim: NamedClaim, signal: AbortSignal): Promise<ClaimOutcome> {
    try {
      await send(claim, reserved)
      return await follow(claim.claimId, signal)
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'RELAY_UNAVAILABLE')) throw error
      const { claimId, round } = claim
      return { claimId, round, status: 'signed', txHash: reserved.attempt.hash }
    }
  }

  async function follow(claimId: Hex, signal: AbortSignal): Promise<ClaimOutcome> {
    const claim = (await decided(claimId, signal)) ?? (await claimsById(pool, [claimId]))[0]
    if (!claim) throw new Error(`Claim ${claimId} is not stored any more`)
    return outcomeOf(claim)
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
    const isRoleLost = verdict.failure.error?.errorName === 'AccessControlUnauthorizedAccount'
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
    const mine = await findSame(request, key)
    if (mine) return follow(mine.claimId, AbortSignal.abort())
    const [rival] = await openClaimsOf(pool, request.bountyId)
    if (rival) throw unavailable(`Another claim of run ${request.bountyId} is not decided yet.`)
    if (failure) throw refusal(request, failure, await readBounty(market, request.bountyId))
    if (hindrance === 'stuck') throw unavailable('The chain’s node does not take claims.')
    if (hindrance === 'full') throw unavailable('The relay is too busy.')
    throw unavailable('A transaction that is not mined yet decides about this claim.')
  }

  return claim
}

const conflict = (detail: string) => new Problem('IDEMPOTENCY_CONFLICT', detail)

const isAboutRun = ({ error }: Failure) =>
  error?.errorName === 'BountyNotFound' ||
  error?.errorName === 'BountyNotOpen' ||
  error?.errorName === 'BountyDeadlinePassed'

const isSameClaim = (left: ClaimRequest, right: ClaimRequest) =>
  left.agentId === right.agentId && isAddressEqual(left.wallet, right.wallet)
