import { setImmediate } from 'node:timers/promises'
import type { Address, Hex } from 'viem'
import { createFairLane, type Requester } from '../../../../../core/fairLane.ts'
import { MAX_VALIDITY_SECONDS } from '../../../../../core/market/claimMessage.ts'
import { type ClaimError, stateName } from '../../../../../core/market/contractErrors.ts'
import { agentErrors, claimantErrors, runErrors } from '../../../../../core/market/eligibility.ts'
import type { ChainHead } from '../../chain/heads.ts'
import type { Intake } from '../../chain/intake.ts'
import type { Failure, KnownRun } from '../../chain/market.ts'
import type { SignatureCheck } from '../../chain/signatureCheck.ts'
import { CONTRACT_WALLET_GAS } from '../../chain/signatures.ts'
import { isExpiring, MIN_VALIDITY_SECONDS, nextTimestamp } from '../../chain/validity.ts'
import { type ChainView, checkView, createChainViews, type Refused } from '../../chain/views.ts'
import { rateLimited, refusalOfReward, signatureExpiring, unavailable } from '../../refusal.ts'
import { type ClaimRequest, claimIdOf, isHeldByClaimant, wordOf } from '../chain/market.ts'
import type { ClaimsContext } from '../context.ts'
import { refusal, refusedByContract, signatureRequired } from './refusal.ts'

/**
 * Several claims of a run are examined one by one, for about half a millisecond each, so that the process can place the
 * first ones in between. `maxWaitingPerClient` is the most claims of one client that wait.
 */
const EXAMINATION_LANE = {
  concurrency: 1,
  maxWaitingPerClient: 1_000,
  waiting: 'claims wait for their examination',
  refuseFull: rateLimited,
  refuseGone: unavailable,
}

/**
 * - `currentClaim`: this claim is the current claim of the run already.
 * - `good`: the claim may enter the queue. `runsWalletCode`: the wallet's contract, not its key, accepts the signature, so
 *   that the claim runs code of the wallet. `poster`: of the run.
 * - `undecided`: the run is not open, or the agent may not claim it, and a pending transaction would change that.
 * - `overtaken`: the claim was not examined, because another claim of the run is likely to win it.
 */
export type ExaminedClaim =
  | { currentClaim: { claimId: Hex; round: bigint; blockNumber: bigint } }
  | Good
  | { undecided: Failure }
  | { overtaken: true }

export type Good = { good: true; runsWalletCode: boolean; poster: Address }

type Result = ExaminedClaim | Refused<ExaminedClaim>

/**
 * `since`, by `performance.now()`: a refusal uses only what the chain has been since this time. `isFresh`: whether what lets
 * the claim enter the queue must, too.
 */
export type Look = { since: number; isFresh: boolean }

/** The other claims of the run in this process. `haveOvertaken`: one of them is likely to win the run. */
export type Rivals = { exist: () => boolean; haveOvertaken: () => boolean }

export type Examine = ReturnType<typeof createExamination>['examine']

/**
 * Checks the run, the signature and the agent of a claim before the claim can delay any other. A key’s signature needs no
 * call, and what the index shows needs none. The refusals and their order are those of the market, after that of
 * the reward.
 */
export function createExamination(context: ClaimsContext, intake: Intake, checkSignature: SignatureCheck) {
  const { heads, indexedRuns, allowUnsigned, leastReward, relayers } = context
  const { market, isClaimableNext } = intake
  const viewOf = createChainViews(intake, heads, indexedRuns)
  const inTurn = createFairLane(EXAMINATION_LANE)
  let waiting = 0

  async function waitForTurn(requester: Requester) {
    waiting++
    await inTurn(requester, setImmediate).finally(() => waiting--)
  }

  const mayBeUnsigned = async () => allowUnsigned && (await relayers()).size > 0

  /** What accepts the signature of this round's claim; undefined if nothing does. */
  async function signedBy(request: ClaimRequest, round: bigint, view: ChainView, requester: Requester) {
    const word = wordOf(market, request, round, view.bounty)
    return word && checkSignature(word, view.hasCode, requester)
  }

  async function isHeld(request: ClaimRequest, view: ChainView, requester: Requester): Promise<boolean> {
    if (!isHeldByClaimant(request, view.bounty)) return false
    if (!request.signed) return mayBeUnsigned()
    return (await signedBy(request, BigInt(view.bounty.round), view, requester)) !== undefined
  }

  /**
   * Refuses what the market would refuse of the wallet and the agent, by the index. Without an index, the simulation does.
   * @param good the result if it would not, or no longer after the pending transactions.
   */
  function checkAgent(
    request: ClaimRequest,
    { bounty, indexed }: ChainView,
    { client }: Requester,
    good: Good,
  ): Result {
    if (!indexed) return good
    const { bountyId, agentId, wallet } = request
    const { claimant, agent } = indexed
    const errors: ClaimError[] = [
      ...claimantErrors({ bountyId, posterAddress: bounty.poster, claimant }, wallet),
      ...(agent
        ? agentErrors(agent, wallet, bounty.stake)
        : [{ errorName: 'AgentNotFound', args: [agentId] } as const]),
    ]
    const [error] = errors
    if (!error) return good
    return refused(error, bounty, async () =>
      (await isClaimableNext(bountyId, agentId, wallet, client)) ? good : undefined,
    )
  }

  async function check(request: ClaimRequest, view: ChainView, requester: Requester): Promise<Result> {
    const { bounty, head } = view
    const { poster } = bounty
    if (await isHeld(request, view, requester)) {
      const round = BigInt(bounty.round)
      const claimId = claimIdOf(market, request, round, bounty)
      return { currentClaim: { claimId, round, blockNumber: view.number } }
    }
    const small = stateName(bounty.state) && refusalOfReward('claim', request.bountyId, bounty.reward, leastReward)
    if (small) return { refusal: small }
    const refuse = (error: ClaimError) => refused(error, bounty)
    const runError = errorOfRun(request, bounty, head)
    if (runError) {
      return refused(runError, bounty, async () => {
        const pending = await view.pendingBounty()
        if (!pending || errorOfRun(request, pending, head)) return undefined
        return { undecided: { error: runError, data: undefined } }
      })
    }
    const { signed } = request
    const now = nextTimestamp(head)
    if (!signed) {
      const isGood = await mayBeUnsigned()
      if (!isGood) return { refusal: signatureRequired(market, request, bounty, now) }
      return checkAgent(request, view, requester, { good: true, runsWalletCode: false, poster })
    }
    if (signed.deadline < now) return refuse({ errorName: 'SignatureExpired', args: [signed.deadline, now] })
    if (isExpiring(signed.deadline, head)) {
      return { refusal: signatureExpiring('claim', signed.deadline, signed.deadline - now, MIN_VALIDITY_SECONDS) }
    }
    const round = BigInt(bounty.round) + 1n
    const by = await signedBy(request, round, view, requester)
    if (by) return checkAgent(request, view, requester, { good: true, runsWalletCode: by === 'contract', poster })
    const latest = now + MAX_VALIDITY_SECONDS
    if (signed.deadline > latest) return refuse({ errorName: 'SignatureTooLong', args: [signed.deadline, latest] })
    if (await view.hasCode(request.wallet)) {
      return { refusal: refusedByContract(request, round, CONTRACT_WALLET_GAS) }
    }
    return refuse({ errorName: 'InvalidSignature', args: [request.bountyId, request.wallet, round] })
  }

  /**
   * @param rivals checked again when it is the claim’s turn.
   * @throws Refusal with the market’s reason; RATE_LIMITED; RELAY_UNAVAILABLE, also when the client disconnects.
   */
  async function examine(
    request: ClaimRequest,
    requester: Requester,
    { since, isFresh }: Look,
    rivals: Rivals,
  ): Promise<ExaminedClaim> {
    const { bountyId, agentId } = request
    const named = { bountyId, agentId, client: requester.client }
    const view = await viewOf(named, since, isFresh)
    if (rivals.exist()) await waitForTurn(requester)
    if (rivals.haveOvertaken()) return { overtaken: true }
    return checkView(viewOf, named, since, view, (one) => check(request, one, requester))
  }

  /** `isBusy`: whether claims wait for their turn. */
  return { examine, isBusy: () => waiting > 0 }
}

function refused(
  error: ClaimError,
  bounty: KnownRun,
  next?: () => Promise<ExaminedClaim | undefined>,
): Refused<ExaminedClaim> {
  return { refusal: refusal({ error, data: undefined }, bounty), ...(next && { next }) }
}

/** @param bounty at a block, or after the pending transactions. */
function errorOfRun({ bountyId }: ClaimRequest, bounty: KnownRun, head: ChainHead): ClaimError | undefined {
  const state = stateName(bounty.state)
  if (state === undefined) return { errorName: 'BountyNotFound', args: [bountyId] }
  const [error] = runErrors({ bountyId, state, deadline: BigInt(bounty.deadline) }, head.timestamp)
  return error
}
