import { type Address, parseEventLogs } from 'viem'
import { bountyMarketAbi } from '../../../../../abis/BountyMarket.ts'
import {
  actionOf,
  type RunActionName,
  type RunMessage,
  runActionNames,
  runCallData,
  runDigest,
} from '../../../../../core/market/runActions.ts'
import type { Market } from '../../chain/market.ts'
import { CONTRACT_WALLET_GAS } from '../../chain/signatures.ts'
import type { RefusalCode } from '../../refusal.ts'
import type { Examination, Kind } from '../kind.ts'
import { isBlamelessRevert } from '../refusal.ts'
import { invalidSignature, refusalOfFailure } from './examine.ts'
import { findMadeOnRun } from './madeOnChain.ts'

/** The most gas of an action that a key has signed, with every slot cold: a rejection burns a stake and a fee. */
const PLAIN_ACTION_GAS = 150_000n

/** The most gas of an action about a run. */
const MAX_ACTION_GAS = PLAIN_ACTION_GAS + CONTRACT_WALLET_GAS

/** Why the market refuses what it has made already: the run has moved on. */
const MADE_ALREADY = new Set<RefusalCode>([
  'WRONG_STATE',
  'WRONG_REVISION',
  'WRONG_NONCE',
  'INVALID_SIGNATURE',
  'RUN_CLOSING',
])

/** The actions that the run's fee covers, and for which of its sides. */
const sideOf: Partial<Record<RunActionName, 'deliveries' | 'reviews'>> = {
  submit: 'deliveries',
  approve: 'reviews',
  revise: 'reviews',
  reject: 'reviews',
}

/** Whether the poster can repeat it at no cost, as it can a post. */
const isOfPost = (name: RunActionName) => actionOf(name).party === 'poster'

const eventsOf = ({ action }: RunMessage) => [...actionOf(action).events]

/** Actions about runs that a party has signed. */
export const runActionKind = (market: Market, examination: Examination<RunMessage>): Kind<RunMessage> => ({
  ...examination,
  names: runActionNames,
  bodyOf: ({ bountyId, round, revision, text, naming, claimant }) => {
    return { bountyId, round, revision, text, naming, claimant }
  },
  messageOf({ kind, party, deadline, body }) {
    const { bountyId = '', round = '', revision = '', text = '', naming = '', claimant } = body
    if (party === null || deadline === null) throw new Error(`A stored ${kind} has no party or no deadline`)
    const numbers = { bountyId: BigInt(bountyId), round: BigInt(round), revision: BigInt(revision) }
    const named = claimant && { naming: BigInt(naming), claimant: claimant as Address }
    return { action: kind as RunActionName, party, ...numbers, text, ...named, deadline }
  },
  slotOf: ({ bountyId, party }) => `run ${bountyId} by ${party}`,
  madeAlready: MADE_ALREADY,
  isForAnyone: false,
  placesOf: (name) => (isOfPost(name) ? 'free' : 'work'),

  idOf: async (message) => runDigest(market, message),
  call: (from, message, signature) => ({ from, to: market.address, data: runCallData(message, signature) }),
  mostGas: MAX_ACTION_GAS,
  mostGasOf: () => MAX_ACTION_GAS,

  refusalOfFailure,
  invalidSignature: (message) => invalidSignature(message, message.round),
  isBlameless: isBlamelessRevert,

  proofIn(message, logs) {
    const own = parseEventLogs({ abi: bountyMarketAbi, eventName: eventsOf(message), logs: [...logs] })
    const isProven = own.some(({ args }) => 'bountyId' in args && args.bountyId === message.bountyId)
    return isProven ? { result: null } : undefined
  },

  findMade: ({ message }, head) => findMadeOnRun(market, message, head),

  locksOf: (_, { agentId }) => (agentId === undefined ? [] : [`agent ${agentId}`]),

  /**
   * The run's own fee covers deliveries and reviews first, each side with half of it, so that neither can use up the other's:
   * after a delivery the run ends with an approval or a rejection, which pays or burns the fee.
   *
   * An action of the agent counts for its wallet and its agent. One of the other parties counts for its account only:
   * neither side can use up a share of the other, and none counts for the poster's share, which claims of strangers can
   * use up. A close undoes a post, and a naming changes one: both count as one, so that nothing that posters repeat at no cost
   * uses up what claims need.
   */
  subjectsOf({ action, party, bountyId }, { agentId, fees, runFee = 0n }) {
    const shared = [`wallet ${party}`, isOfPost(action) ? 'posts' : 'newcomers']
    const side = sideOf[action]
    const covers = side ? [{ name: `${side} ${bountyId}`, fees: runFee / 2n }] : []
    if (agentId === undefined) return { shared, covers }
    return { shared: [...shared, `agent ${agentId}`], covers: [...covers, { name: `fees ${agentId}`, fees }] }
  },
})
