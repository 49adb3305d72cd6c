import { type Address, isAddressEqual, zeroAddress } from 'viem'
import { createFairLane, type Requester } from '../../core/fairLane.ts'
import type { RunError } from '../../market/actionErrors.ts'
import { stateName } from '../../market/contractErrors.ts'
import { partyError, type RunParties, revisionError } from '../../market/runActionRules.ts'
import { hasMember, type RunMessage } from '../../market/runActions.ts'
import type { Bounty, Market } from '../chain/market.ts'
import { isSignedByContract, isSignedByKey } from '../chain/signatures.ts'
import { isExpiring, MIN_VALIDITY_SECONDS, nextTimestamp } from '../chain/validity.ts'
import { type ChainView, checkView, createChainViews } from '../chain/views.ts'
import { type Refusal, rateLimited, refusalOfReward, signatureExpiring, unavailable } from '../refusal.ts'
import type { ActionsContext } from './context.ts'
import { invalidSignature, refusalOf } from './refusal.ts'
import type { NamedAction } from './request.ts'

/** How many calls of wallet contracts run at once, and how many actions of one client may wait for such a call. */
const CONTRACT_WALLET_LANE = {
  concurrency: 4,
  maxWaitingPerClient: 64,
  waiting: 'actions wait for their signatures to be checked',
  refuseFull: rateLimited,
  refuseGone: unavailable,
}

/**
 * - `agentId`: the party is the agent's wallet, which claimed the run; undefined for a party that reviews or closes.
 *   `runsWalletCode`: its contract, not its key, accepts the signature, so that the action runs code of the party.
 * - `undecided`: the market refuses the action, and a pending transaction would change that.
 */
export type Examined = { agentId: bigint | undefined; runsWalletCode: boolean } | { undecided: Refusal }

export type ActionExamination = ReturnType<typeof createActionExamination>

/**
 * Checks the run and the signature of an action before it is simulated. A key’s signature needs no call, and the chain is
 * read once per head for all actions of a run. The market checks in the same order: run, party, signature, the rest.
 * @param market has a client of its own, so that a flood of actions does not delay simulations.
 */
export function createActionExamination({ heads, leastReward }: ActionsContext, market: Market) {
  const viewOf = createChainViews(market, heads)
  const contractWallets = createFairLane(CONTRACT_WALLET_LANE)

  /** What accepts the signature of the message; undefined if nothing does. */
  async function signedBy({ actionId: digest, request }: NamedAction, view: ChainView, requester: Requester) {
    const { message, signature } = request
    const word = { digest, wallet: message.party, signature }
    if (isSignedByKey(word)) return 'key'
    if (!(await view.hasCode(message.party))) return undefined
    return (await contractWallets(requester, () => isSignedByContract(market, word))) ? 'contract' : undefined
  }

  async function check(action: NamedAction, view: ChainView, requester: Requester): Promise<Examined | Refusal> {
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
    if (hasMember(message.action, 'round') && message.round !== round) return invalidSignature(request, round)
    const now = nextTimestamp(head)
    const { deadline } = message
    if (deadline < now) return refusalOf({ errorName: 'SignatureExpired', args: [deadline, now] })
    if (isExpiring(deadline, head)) return signatureExpiring('action', deadline, deadline - now, MIN_VALIDITY_SECONDS)
    const by = await signedBy(action, view, requester)
    if (!by) return invalidSignature(request, round, await view.hasCode(message.party))
    const wrong = revisionError(message.action, partiesOf(message, bounty), message.revision)
    if (wrong) return refusalOf(wrong)
    const isOfAgent = hasMember(message.action, 'wallet')
    return { agentId: isOfAgent ? BigInt(bounty.agentId) : undefined, runsWalletCode: by === 'contract' }
  }

  return {
    /**
     * @param since by `performance.now()`. A refusal uses only reads of the chain that started at this time or later.
     * @throws Refusal with the market’s reason; REWARD_TOO_LOW; RATE_LIMITED; RELAY_UNAVAILABLE, also when the client
     * disconnects.
     */
    async examine(action: NamedAction, requester: Requester, since: number): Promise<Examined> {
      const { bountyId } = action.request.message
      const view = await viewOf(bountyId, since, false)
      return checkView(viewOf, bountyId, since, view, (one) => check(action, one, requester))
    },

    /** Whether the party accepts the signature of the message, whatever the state of the run. */
    async isSigned(action: NamedAction, requester: Requester): Promise<boolean> {
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
