import { type Address, isAddressEqual, zeroAddress } from 'viem'
import type { Requester } from '../../../../../core/fairLane.ts'
import type { RunError } from '../../../../../core/market/actionErrors.ts'
import { REWARD_PER_FEE } from '../../../../../core/market/constants.ts'
import { stateName } from '../../../../../core/market/contractErrors.ts'
import { partyError, type RunParties, revisionError } from '../../../../../core/market/runActionRules.ts'
import { hasMember, type RunMessage, runDigest } from '../../../../../core/market/runActions.ts'
import type { Intake } from '../../chain/intake.ts'
import type { Failure, KnownRun } from '../../chain/market.ts'
import { CONTRACT_WALLET_GAS, type SignatureCheck } from '../../chain/signatures.ts'
import { type ChainView, checkView, createChainViews, type Refused } from '../../chain/views.ts'
import type { PipelineContext } from '../../pipeline/context.ts'
import { Refusal, refusalOfReward } from '../../refusal.ts'
import type { Examination, Examined } from '../kind.ts'
import { refusalOf, refusalOfDeadline, unexplained } from '../refusal.ts'
import { type ActionRequest, wordOf } from '../request.ts'

type Undecided = { undecided: Refusal }

/**
 * Checks the run and the signature of an action before it is simulated. A key’s signature needs no call, and what the index
 * shows needs none. The market checks in the same order: run, party, signature, the rest.
 */
export function createRunExamination(
  { heads, indexedRuns, leastReward }: Pick<PipelineContext, 'heads' | 'indexedRuns' | 'leastReward'>,
  intake: Intake,
  checkSignature: SignatureCheck,
): Examination<RunMessage> {
  const viewOf = createChainViews(intake, heads, indexedRuns)

  /** What accepts the signature of the message; undefined if nothing does. */
  const signedBy = (request: ActionRequest<RunMessage>, { hasCode }: ChainView, requester: Requester) =>
    checkSignature(wordOf(runDigest(intake.market, request.message), request), hasCode, requester)

  async function check(
    request: ActionRequest<RunMessage>,
    view: ChainView,
    requester: Requester,
  ): Promise<Examined | Refused<Undecided>> {
    const { message } = request
    const { bounty, head } = view
    const error = errorOf(message, bounty)
    if (error) {
      const refusal = refusalOf(error)
      const next = async () => {
        const pending = await view.pendingBounty()
        return pending && !errorOf(message, pending) ? { undecided: refusal } : undefined
      }
      return { refusal, next }
    }
    const small = refusalOfReward('action', message.bountyId, bounty.reward, leastReward)
    if (small) return { refusal: small }
    const round = BigInt(bounty.round)
    if (hasMember(message.action, 'round') && message.round !== round)
      return { refusal: invalidSignature(message, round) }
    const late = refusalOfDeadline(message, head)
    if (late) return { refusal: late }
    const by = await signedBy(request, view, requester)
    if (!by) return { refusal: invalidSignature(message, round, await view.hasCode(message.party)) }
    const wrong = revisionError(message.action, partiesOf(message, bounty), message.revision)
    if (wrong) return { refusal: refusalOf(wrong) }
    const isOfAgent = hasMember(message.action, 'wallet')
    const agentId = isOfAgent ? BigInt(bounty.agentId) : undefined
    return { agentId, runsWalletCode: by === 'contract', runFee: bounty.reward / REWARD_PER_FEE }
  }

  return {
    async examine(request, requester, { since, isFresh }) {
      const named = { bountyId: request.message.bountyId, client: requester.client }
      const view = await viewOf(named, since, isFresh)
      return checkView(viewOf, named, since, view, (one) => check(request, one, requester))
    },

    async isSigned(request, requester) {
      const named = { bountyId: request.message.bountyId, client: requester.client }
      const view = await viewOf(named, performance.now(), false)
      return (await signedBy(request, view, requester)) !== undefined
    },
  }
}

/** Why the market takes no such action of the account, whatever it signs. @param bounty at a block, or pending. */
function errorOf(message: RunMessage, bounty: KnownRun): RunError | undefined {
  const { action, bountyId, party } = message
  if (stateName(bounty.state) === undefined) return { errorName: 'BountyNotFound', args: [bountyId] }
  return partyError(action, partiesOf(message, bounty), party)
}

function partiesOf({ bountyId }: RunMessage, { state, poster, evaluator, wallet, revisions }: KnownRun): RunParties {
  const name = stateName(state)
  if (name === undefined) throw new Error(`Run ${bountyId} does not exist`)
  const orNone = (account: Address) => (isAddressEqual(account, zeroAddress) ? null : account)
  return {
    bountyId,
    state: name,
    poster,
    evaluator: orNone(evaluator),
    claimedByWallet: orNone(wallet),
    revisions: BigInt(revisions),
  }
}

/** Why a call reverted. */
export const refusalOfFailure = ({ error, data }: Failure): Refusal =>
  error ? refusalOf(error) : unexplained('action', { revertData: data ?? null })

/** @param round the one that a signature must name now. @param isContract whether the party is a contract that refused it. */
export function invalidSignature({ party, bountyId }: RunMessage, round: bigint, isContract = false): Refusal {
  const within = isContract ? ` within ${CONTRACT_WALLET_GAS} gas` : ''
  const detail = `The signature is not ${party}’s of this message about run ${bountyId} in round ${round}${within}.`
  return new Refusal('INVALID_SIGNATURE', detail, { extensions: { round: Number(round) } })
}
