import { setImmediate } from 'node:timers/promises'
import { createFairLane, type Requester } from '../../../../../core/fairLane.ts'
import { MAX_VALIDITY_SECONDS } from '../../../../../core/market/claimMessage.ts'
import { type ClaimError, stateName } from '../../../../../core/market/contractErrors.ts'
import { agentErrors, claimantErrors, runErrors } from '../../../../../core/market/eligibility.ts'
import type { ChainHead } from '../../chain/heads.ts'
import type { Intake } from '../../chain/intake.ts'
import type { KnownRun } from '../../chain/market.ts'
import { nextTimestamp } from '../../chain/nextBlock.ts'
import { CONTRACT_WALLET_GAS, type SignatureCheck } from '../../chain/signatures.ts'
import { type ChainView, checkView, createChainViews, type Refused } from '../../chain/views.ts'
import type { PipelineContext } from '../../pipeline/context.ts'
import { rateLimited, refusalOfReward, unavailable } from '../../refusal.ts'
import type { Examination, Examined, Look, Unready } from '../kind.ts'
import { refusalOfDeadline } from '../refusal.ts'
import { type ClaimMessage, UNSIGNED, wordOf } from '../request.ts'
import { type ClaimRequest, claimIdOf, isHeldByClaimant } from './message.ts'
import { invalidClaimSignature, refusal, refusedByContract, signatureRequired } from './refusal.ts'

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

type Ready = Examined | Unready

type Result = Ready | Refused<Ready>

/**
 * Checks the run, the signature and the agent of a claim before the claim can delay any other. A key’s signature needs no
 * call, and what the index shows needs none. The refusals and their order are those of the market, after that of
 * the reward.
 */
export function createClaimExamination(
  { heads, indexedRuns, leastReward }: Pick<PipelineContext, 'heads' | 'indexedRuns' | 'leastReward'>,
  intake: Intake,
  checkSignature: SignatureCheck,
  /** Whether a devnet's relayer makes claims without the wallet’s signature. */
  mayBeUnsigned: () => Promise<boolean>,
): Examination<ClaimMessage> & { isBusy: () => boolean } {
  const { market, isClaimableNext } = intake
  const viewOf = createChainViews(intake, heads, indexedRuns)
  const inTurn = createFairLane(EXAMINATION_LANE)
  let waiting = 0

  async function waitForTurn(requester: Requester) {
    waiting++
    await inTurn(requester, setImmediate).finally(() => waiting--)
  }

  /** What accepts the signature of this round's claim; undefined if nothing does. */
  const signedBy = (request: ClaimRequest, round: bigint, view: ChainView, requester: Requester) =>
    checkSignature(wordOf(claimIdOf(market, request.message, round, view.bounty), request), view.hasCode, requester)

  async function isHeld(request: ClaimRequest, view: ChainView, requester: Requester): Promise<boolean> {
    if (!isHeldByClaimant(request.message, view.bounty)) return false
    if (request.signature === UNSIGNED) return mayBeUnsigned()
    return (await signedBy(request, BigInt(view.bounty.round), view, requester)) !== undefined
  }

  /**
   * Refuses what the market would refuse of the wallet and the agent, by the index. Without an index, the simulation does.
   * @param good the result if it would not, or no longer after the pending transactions.
   */
  function checkAgent(
    { bountyId, agentId, party }: ClaimMessage,
    { bounty, indexed }: ChainView,
    { client }: Requester,
    good: Examined,
  ): Result {
    if (!indexed) return good
    const { claimant, agent } = indexed
    const errors: ClaimError[] = [
      ...claimantErrors({ bountyId, posterAddress: bounty.poster, claimant }, party),
      ...(agent ? agentErrors(agent, party, bounty.stake) : [{ errorName: 'AgentNotFound', args: [agentId] } as const]),
    ]
    const [error] = errors
    if (!error) return good
    return refused(error, bounty, async () =>
      (await isClaimableNext(bountyId, agentId, party, client)) ? good : undefined,
    )
  }

  async function check(request: ClaimRequest, view: ChainView, requester: Requester): Promise<Result> {
    const { message } = request
    const { bountyId, agentId, party, deadline } = message
    const { bounty, head } = view
    if (await isHeld(request, view, requester)) {
      const round = BigInt(bounty.round)
      const actionId = claimIdOf(market, message, round, bounty)
      return { made: { actionId, round, blockNumber: view.number } }
    }
    const small = stateName(bounty.state) && refusalOfReward('claim', bountyId, bounty.reward, leastReward)
    if (small) return { refusal: small }
    const runError = errorOfRun(message, bounty, head)
    if (runError) {
      const refusal = refusalBy(runError, bounty)
      const next = async () => {
        const pending = await view.pendingBounty()
        return pending && !errorOfRun(message, pending, head) ? { undecided: refusal } : undefined
      }
      return { refusal, next }
    }
    const good = { agentId, poster: bounty.poster }
    const now = nextTimestamp(head)
    if (request.signature === UNSIGNED) {
      if (!(await mayBeUnsigned())) return { refusal: signatureRequired(market, message, bounty, now) }
      return checkAgent(message, view, requester, { ...good, runsWalletCode: false })
    }
    const late = refusalOfDeadline(message, head)
    if (late) return { refusal: late }
    const round = BigInt(bounty.round) + 1n
    const by = await signedBy(request, round, view, requester)
    if (by) return checkAgent(message, view, requester, { ...good, runsWalletCode: by === 'contract' })
    const latest = now + MAX_VALIDITY_SECONDS
    if (deadline > latest) return refused({ errorName: 'SignatureTooLong', args: [deadline, latest] }, bounty)
    if (await view.hasCode(party)) return { refusal: refusedByContract(message, round, CONTRACT_WALLET_GAS) }
    return { refusal: invalidClaimSignature({ ...message, round }) }
  }

  async function examine(
    request: ClaimRequest,
    requester: Requester,
    { since, isFresh, rivals }: Look,
  ): Promise<Ready> {
    const { bountyId, agentId } = request.message
    const named = { bountyId, agentId, client: requester.client }
    const view = await viewOf(named, since, isFresh)
    if (rivals?.exist()) await waitForTurn(requester)
    if (rivals?.haveOvertaken()) return { overtaken: true }
    return checkView(viewOf, named, since, view, (one) => check(request, one, requester))
  }

  return {
    examine,

    async isSigned(request, requester) {
      const { bountyId, round } = request.message
      const view = await viewOf({ bountyId, client: requester.client }, performance.now(), false)
      return (await signedBy(request, round ?? BigInt(view.bounty.round) + 1n, view, requester)) !== undefined
    },

    /** Whether claims wait for their turn. */
    isBusy: () => waiting > 0,
  }
}

const refusalBy = (error: ClaimError, bounty: KnownRun) => refusal({ error, data: undefined }, bounty)

const refused = (error: ClaimError, bounty: KnownRun, next?: () => Promise<Ready | undefined>): Refused<Ready> => ({
  refusal: refusalBy(error, bounty),
  ...(next && { next }),
})

/** @param bounty at a block, or after the pending transactions. */
function errorOfRun({ bountyId }: ClaimMessage, bounty: KnownRun, head: ChainHead): ClaimError | undefined {
  const state = stateName(bounty.state)
  if (state === undefined) return { errorName: 'BountyNotFound', args: [bountyId] }
  const [error] = runErrors({ bountyId, state, deadline: BigInt(bounty.deadline) }, head.timestamp)
  return error
}
