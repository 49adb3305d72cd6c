import type { components } from './api.ts'
import type { MarketAddress } from './claimMessage.ts'
import { lastDeliveryOf, type ReadRun } from './run.ts'
import { assertAsked, integerOf, marketDomain, type TypedData } from './typedData.ts'

type Message = { typedData: components['schemas']['TypedData'] }

/** What each action signs, as the contract hashes it. The second member names the account that signs. */
const actions = {
  start: { primaryType: 'StartWork', members: ['bountyId', 'wallet', 'round', 'deadline'] },
  submit: {
    primaryType: 'SubmitWork',
    members: ['bountyId', 'wallet', 'round', 'revision', 'deliverableHash', 'deadline'],
  },
  abandon: { primaryType: 'AbandonClaim', members: ['bountyId', 'wallet', 'round', 'revision', 'deadline'] },
  approve: { primaryType: 'ApproveWork', members: ['bountyId', 'signer', 'round', 'revision', 'deadline'] },
  revise: {
    primaryType: 'RequestRevision',
    members: ['bountyId', 'signer', 'round', 'revision', 'feedbackHash', 'deadline'],
  },
  reject: { primaryType: 'RejectWork', members: ['bountyId', 'signer', 'round', 'revision', 'deadline'] },
  close: { primaryType: 'CloseBounty', members: ['bountyId', 'poster', 'deadline'] },
  'name-claimant': {
    primaryType: 'NameClaimant',
    members: ['bountyId', 'poster', 'naming', 'claimant', 'deadline'],
  },
} as const

const types = {
  bountyId: 'uint256',
  wallet: 'address',
  signer: 'address',
  poster: 'address',
  round: 'uint256',
  revision: 'uint256',
  deliverableHash: 'string',
  feedbackHash: 'string',
  naming: 'uint256',
  claimant: 'address',
  deadline: 'uint256',
} as const

type ActionName = keyof typeof actions

/** What the caller asked for. `signer` signs. A revision is that of the last delivery where it is absent. */
export type AskedAction = {
  action: ActionName
  run: ReadRun
  signer: string
  text?: string | undefined
  revision?: number | undefined
  claimant?: string | undefined
}

/** EIP-712 typed data of an action: see `TypedData`. */
export type ActionTypedData = TypedData

/** Signs actions: a viem account, or any object with these two members. */
export type ActionSigner = { address: string; signTypedData(typedData: ActionTypedData): Promise<string> }

/** Whether the poster or the evaluator signs the action, which is about the last delivery. */
export const isReview = (action: ActionName) => actions[action].members[1] === 'signer'

/**
 * The typed data of the action. From the API come the deadline, the number of a naming, and the round and the revision of a
 * run that the caller has not read: the contract refuses a signature of others than the run's.
 * @throws UnexpectedMessageError if the API's message differs, or is valid for more than an hour.
 */
export function actionTypedData(
  { typedData: asked }: Message,
  { action, run, signer, text, revision, claimant }: AskedAction,
  market: MarketAddress,
): ActionTypedData {
  const { primaryType, members } = actions[action]
  const known: Partial<Record<keyof typeof types, bigint | number | string | undefined>> = {
    bountyId: BigInt(run.bountyId),
    wallet: signer,
    signer,
    poster: signer,
    round: run.round,
    revision: revision ?? (isReview(action) ? lastDeliveryOf(run) : run.revisions),
    deliverableHash: text,
    feedbackHash: text,
    claimant,
  }
  const message = members.map((member): [string, bigint | string] => {
    const own = known[member]
    if (types[member] !== 'uint256') return [member, String(own)]
    return [member, own === undefined ? integerOf(asked, member) : BigInt(own)]
  })
  const own = {
    domain: marketDomain(market),
    types: { [primaryType]: members.map((name) => ({ name, type: types[name] })) },
    primaryType,
    message: Object.fromEntries(message),
  }
  assertAsked(own, asked)
  return own
}

/** The members of the action's body beside the signature. */
export function actionBody({ message }: ActionTypedData): Record<string, string> {
  const { bountyId: _, ...own } = message
  return Object.fromEntries(Object.entries(own).map(([member, value]) => [member, String(value)]))
}
