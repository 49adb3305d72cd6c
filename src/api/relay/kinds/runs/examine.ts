import { type Address, isAddressEqual, zeroAddress } from 'viem'
import type { Requester } from '../../../../../core/fairLane.ts'
import type { RunError } from '../../../../../core/market/actionErrors.ts'
import { REWARD_PER_FEE } from '../../../../../core/market/constants.ts'
import { stateName } from '../../../../../core/market/contractErrors.ts'
import { partyError, type RunParties, revisionError } from '../../../../../core/market/runActionRules.ts'
import { hasMember, type RunMessage } from '../../../../../core/market/runActions.ts'
import type { Intake } from '../../chain/intake.ts'
import type { Bounty } from '../../chain/market.ts'
import { isExpiring, MIN_VALIDITY_SECONDS, nextTimestamp } from '../../chain/validity.ts'
import { type ChainView, checkView, createChainViews } from '../../chain/views.ts'
import { type Refusal, refusalOfReward, signatureExpiring } from '../../refusal.ts'
import type { SharedContext } from '../../sharedContext.ts'
import type { Examination, Examined } from '../kind.ts'
import { refusalOf, signatureExpired } from '../refusal.ts'
import type { NamedAction } from '../request.ts'
import type { SignatureCheck } from '../signatureCheck.ts'
import { invalidSignature } from './refusal.ts'

/**
 * Checks the run and the signature of an action before it is simulated. A key’s signature needs no call, and the chain is
 * read once per head for all actions of a run. The market checks in the same order: run, party, signature, the rest.
 */
export function createRunExamination(
  { heads, leastReward }: Pick<SharedContext, 'heads' | 'leastReward'>,
  intake: Intake,
  checkSignature: SignatureCheck,
): Examination<RunMessage> {
  const viewOf = createChainViews(intake, heads, intake.readRun)

  /** What accepts the signature of the message; undefined if nothing does. */
  const signedBy = (action: NamedAction<RunMessage>, { hasCode }: ChainView, requester: Requester) =>
    checkSignature(action, hasCode, requester)

  async function check(
    action: NamedAction<RunMessage>,
    view: ChainView,
    requester: Requester,
  ): Promise<Examined | { undecided: Refusal } | Refusal> {
    const { request } = action
    const { message } = request
    const { bounty, head } = view
    const error = errorOf(message, bounty)
    if (error) {
      const isPending = !errorOf(message, await view.pendingBounty())
      return isPending ? { undecided: refusalOf(error) } : refusalOf(error)
    }
    const small = refusalOfReward('action', message.bountyId, bounty.reward, leastReward)
    if (small) return small
    const round = BigInt(bounty.round)
    if (hasMember(message.action, 'round') && message.round !== round) return invalidSignature(message, round)
    const now = nextTimestamp(head)
    const { deadline } = message
    if (deadline < now) return signatureExpired(deadline, now)
    if (isExpiring(deadline, head)) return signatureExpiring('action', deadline, deadline - now, MIN_VALIDITY_SECONDS)
    const by = await signedBy(action, view, requester)
    if (!by) return invalidSignature(message, round, await view.hasCode(message.party))
    const wrong = revisionError(message.action, partiesOf(message, bounty), message.revision)
    if (wrong) return refusalOf(wrong)
    const isOfAgent = hasMember(message.action, 'wallet')
    const agentId = isOfAgent ? BigInt(bounty.agentId) : undefined
    return { agentId, runsWalletCode: by === 'contract', runFee: bounty.reward / REWARD_PER_FEE }
  }

  return {
    async examine(action, requester, since) {
      const { bountyId } = action.request.message
      const view = await viewOf(bountyId, since, false)
      return checkView(viewOf, bountyId, since, view, (one) => check(action, one, requester))
    },

    async isSigned(action, requester) {
      const view = await viewOf(action.request.message.bountyId, performance.now(), false)
      return (await signedBy(action, view, requester)) !== undefined
    },
  }
}

/** Why the market takes no such action of the account, whatever it signs. @param bounty of the head, or pending. */
function errorOf(message: RunMessage, bounty: Bounty): RunError | undefined {
  const { action, bountyId, party } = message
  if (stateName(bounty.state) === undefined) return { errorName: 'BountyNotFound', args: [bountyId] }
  return partyError(action, partiesOf(message, bounty), party)
}

function partiesOf({ bountyId }: RunMessage, { state, poster, evaluator, wallet, revisions }: Bounty): RunParties {
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
