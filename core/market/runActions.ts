import { type Address, concat, encodeAbiParameters, type Hex, keccak256, stringToHex, zeroAddress } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { runEventNames, runStates } from '../../ponder.schema.ts'
import type { MarketAddress } from '../deployment.ts'
import { RUN_ACTIONS } from '../settings/relay.ts'
import { callDataByNames } from './callData.ts'
import { domainHashOf, domainOf } from './domain.ts'
import { domainType, messageTypes } from './messageTypes.ts'

/** The members that name the account whose signature it is. */
export type PartyMember = 'wallet' | 'signer' | 'poster'

/** The members with a text of the signer. */
export type TextMember = 'deliverableHash' | 'feedbackHash'

type Member = 'bountyId' | PartyMember | 'round' | 'revision' | TextMember | 'naming' | 'claimant' | 'deadline'

export type RunState = (typeof runStates)[number]

/** An action of a party about a run, which the market takes with a signature of the party. */
type Action = {
  /** The market's function, whose parameters have the names of the members. */
  functionName: string
  /** The states of the run in which the market takes it. */
  states: readonly RunState[]
  /** Who may sign it. `reviewer`: the poster or the evaluator. */
  party: 'wallet' | 'poster' | 'evaluator' | 'reviewer'
  /** The events of which one proves that it was made. */
  events: readonly (typeof runEventNames)[number][]
}

const runActions = {
  start: {
    functionName: 'startWorkWithSig',
    states: ['CLAIMED'],
    party: 'wallet',
    events: ['WorkStarted'],
  },
  submit: {
    functionName: 'submitWorkWithSig',
    states: ['CLAIMED', 'IN_PROGRESS', 'REVISION_REQUESTED'],
    party: 'wallet',
    events: ['WorkSubmitted'],
  },
  abandon: {
    functionName: 'abandonClaimWithSig',
    states: ['CLAIMED', 'IN_PROGRESS', 'REVISION_REQUESTED'],
    party: 'wallet',
    events: ['ClaimAbandoned', 'BountyRejected'],
  },
  approve: {
    functionName: 'approveWorkWithSig',
    states: ['SUBMITTED', 'REVISION_REQUESTED'],
    party: 'reviewer',
    events: ['BountyApproved'],
  },
  revise: {
    functionName: 'requestRevisionWithSig',
    states: ['SUBMITTED'],
    party: 'evaluator',
    events: ['RevisionRequested'],
  },
  reject: {
    functionName: 'rejectWorkWithSig',
    states: ['SUBMITTED'],
    party: 'evaluator',
    events: ['BountyRejected'],
  },
  close: {
    functionName: 'closeBountyWithSig',
    states: ['OPEN', 'CLAIMED', 'IN_PROGRESS'],
    party: 'poster',
    events: ['BountyClosing', 'BountyWithdrawn'],
  },
  'name-claimant': {
    functionName: 'nameClaimantWithSig',
    states: ['OPEN'],
    party: 'poster',
    events: ['ClaimantNamed'],
  },
} as const satisfies Record<(typeof RUN_ACTIONS)[number], Action>

export type RunActionName = keyof typeof runActions

export const runActionNames: readonly RunActionName[] = RUN_ACTIONS

export const actionOf = (name: RunActionName): Action => runActions[name]

/** The members of the action's message, in the order in which RunSignatures.sol hashes them. */
export const membersOf = (name: RunActionName) => messageTypes[name].members as { name: Member; type: string }[]

/** The members of the message beside the run's id. */
const ownMembersOf = (name: RunActionName) => membersOf(name).filter((member) => member.name !== 'bountyId')

/** The member of the action's message that names the party. */
export const partyMemberOf = (name: RunActionName) => membersOf(name)[1]?.name as PartyMember

/** The member of the action's message with a text; undefined if it has none. */
export const textMemberOf = (name: RunActionName) =>
  membersOf(name).find(({ type }) => type === 'string')?.name as TextMember | undefined

export const hasMember = (name: RunActionName, member: Member): boolean =>
  membersOf(name).some((each) => each.name === member)

/**
 * What a party signs. `party` is its account. A message without a member has 0 or an empty text in its place, so that the
 * message is determined by its members. `deadline`: the last second at which the signature is valid. `naming`: how often a
 * claimant was named before, `claimant`: the only wallet that may claim; both absent of a message that names none.
 */
export type RunMessage = {
  action: RunActionName
  bountyId: bigint
  party: Address
  round: bigint
  revision: bigint
  text: string
  naming?: bigint
  claimant?: Address
  deadline: bigint
}

/** All that a member of a message or a parameter of its functions may be named. */
export const valuesOf = ({ party, text, naming = 0n, claimant = zeroAddress, ...message }: RunMessage) => ({
  bountyId: message.bountyId,
  wallet: party,
  signer: party,
  poster: party,
  round: message.round,
  revision: message.revision,
  deliverableHash: text,
  feedbackHash: text,
  naming,
  claimant,
  deadline: message.deadline,
})

/** What the members of the message beside the run's id are in JSON. */
export const bodyMembers = (name: RunActionName): Record<string, 'integer' | 'string'> =>
  Object.fromEntries(ownMembersOf(name).map(({ name, type }) => [name, type === 'uint256' ? 'integer' : 'string']))

/** The members of the message beside the run's id, as JSON has them. */
export function bodyOf(message: RunMessage): Record<string, string | number> {
  const values = valuesOf(message)
  return Object.fromEntries(
    ownMembersOf(message.action).map(({ name }) => {
      const value = values[name]
      return [name, typeof value === 'bigint' ? Number(value) : value]
    }),
  )
}

/** The EIP-712 message of the action. Its integers are decimal strings, which every wallet reads exactly from JSON. */
export function runTypedData(market: MarketAddress, message: RunMessage) {
  const { primaryType } = messageTypes[message.action]
  const members = membersOf(message.action)
  const values = valuesOf(message)
  return {
    types: { EIP712Domain: domainType, [primaryType]: members },
    primaryType,
    message: Object.fromEntries(members.map(({ name }) => [name, String(values[name])])),
    domain: domainOf(market),
  }
}

/** The hash of the type of each message. */
const typeHashes = Object.fromEntries(
  runActionNames.map((name) => [name, keccak256(stringToHex(messageTypes[name].encoded))]),
) as Record<RunActionName, Hex>

/** What the party signs: the EIP-712 hash of `runTypedData`. It is the id of the action. */
export function runDigest(market: MarketAddress, message: RunMessage): Hex {
  const values = valuesOf(message)
  const hashed = membersOf(message.action).map(({ name, type }) =>
    type === 'string'
      ? { type: 'bytes32', value: keccak256(stringToHex(message.text)) }
      : { type, value: values[name] },
  )
  const parameters = [{ type: 'bytes32' }, ...hashed.map(({ type }) => ({ type }))]
  const struct = encodeAbiParameters(parameters, [typeHashes[message.action], ...hashed.map(({ value }) => value)])
  return keccak256(concat(['0x1901', domainHashOf(market), keccak256(struct)]))
}

/** The function with which the party itself does the action. */
export const directFunctionOf = (name: RunActionName): string => actionOf(name).functionName.replace(/WithSig$/, '')

/** The data of the call with which any account makes the signed action. */
export const runCallData = (message: RunMessage, signature: Hex): Hex =>
  callDataByNames(bountyMarketAbi, actionOf(message.action).functionName, { ...valuesOf(message), signature })
