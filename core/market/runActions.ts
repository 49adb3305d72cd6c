import {
  type AbiFunction,
  type Address,
  concat,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  keccak256,
  stringToHex,
  zeroAddress,
} from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { runEventNames, runStates } from '../../ponder.schema.ts'
import type { MarketAddress } from '../deployment.ts'
import { RUN_ACTIONS } from '../settings/relay.ts'
import { domainHashOf, domainOf, domainType } from './domain.ts'

/** The EIP-712 types of the members of all messages. */
const memberTypes = {
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

type Member = keyof typeof memberTypes

/** The members that name the account whose signature it is. */
export type PartyMember = Extract<Member, 'wallet' | 'signer' | 'poster'>

/** The members with a text of the signer. */
export type TextMember = Extract<Member, 'deliverableHash' | 'feedbackHash'>

export type RunState = (typeof runStates)[number]

/** An action of a party about a run, which the market takes with a signature of the party. */
type Action = {
  /** What the party signs, as RunSignatures.sol hashes it. */
  primaryType: string
  members: readonly [Member, PartyMember, ...Member[]]
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
    primaryType: 'StartWork',
    members: ['bountyId', 'wallet', 'round', 'deadline'],
    functionName: 'startWorkWithSig',
    states: ['CLAIMED'],
    party: 'wallet',
    events: ['WorkStarted'],
  },
  submit: {
    primaryType: 'SubmitWork',
    members: ['bountyId', 'wallet', 'round', 'revision', 'deliverableHash', 'deadline'],
    functionName: 'submitWorkWithSig',
    states: ['CLAIMED', 'IN_PROGRESS', 'REVISION_REQUESTED'],
    party: 'wallet',
    events: ['WorkSubmitted'],
  },
  abandon: {
    primaryType: 'AbandonClaim',
    members: ['bountyId', 'wallet', 'round', 'revision', 'deadline'],
    functionName: 'abandonClaimWithSig',
    states: ['CLAIMED', 'IN_PROGRESS', 'REVISION_REQUESTED'],
    party: 'wallet',
    events: ['ClaimAbandoned', 'BountyRejected'],
  },
  approve: {
    primaryType: 'ApproveWork',
    members: ['bountyId', 'signer', 'round', 'revision', 'deadline'],
    functionName: 'approveWorkWithSig',
    states: ['SUBMITTED', 'REVISION_REQUESTED'],
    party: 'reviewer',
    events: ['BountyApproved'],
  },
  revise: {
    primaryType: 'RequestRevision',
    members: ['bountyId', 'signer', 'round', 'revision', 'feedbackHash', 'deadline'],
    functionName: 'requestRevisionWithSig',
    states: ['SUBMITTED'],
    party: 'evaluator',
    events: ['RevisionRequested'],
  },
  reject: {
    primaryType: 'RejectWork',
    members: ['bountyId', 'signer', 'round', 'revision', 'deadline'],
    functionName: 'rejectWorkWithSig',
    states: ['SUBMITTED'],
    party: 'evaluator',
    events: ['BountyRejected'],
  },
  close: {
    primaryType: 'CloseBounty',
    members: ['bountyId', 'poster', 'deadline'],
    functionName: 'closeBountyWithSig',
    states: ['OPEN', 'CLAIMED', 'IN_PROGRESS'],
    party: 'poster',
    events: ['BountyClosing', 'BountyWithdrawn'],
  },
  'name-claimant': {
    primaryType: 'NameClaimant',
    members: ['bountyId', 'poster', 'naming', 'claimant', 'deadline'],
    functionName: 'nameClaimantWithSig',
    states: ['OPEN'],
    party: 'poster',
    events: ['ClaimantNamed'],
  },
} as const satisfies Record<(typeof RUN_ACTIONS)[number], Action>

export type RunActionName = keyof typeof runActions

export const runActionNames: readonly RunActionName[] = RUN_ACTIONS

export const actionOf = (name: RunActionName): Action => runActions[name]

/** The member of the action's message that names the party. */
export const partyMemberOf = (name: RunActionName): PartyMember => actionOf(name).members[1]

/** The member of the action's message with a text; undefined if it has none. */
export const textMemberOf = (name: RunActionName): TextMember | undefined =>
  actionOf(name).members.find((member): member is TextMember => memberTypes[member] === 'string')

export const hasMember = (name: RunActionName, member: Member): boolean => actionOf(name).members.includes(member)

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

const valuesOf = ({ party, text, naming = 0n, claimant = zeroAddress, ...message }: RunMessage) => ({
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
export const bodyMembers = (name: RunActionName): Record<string, 'integer' | 'string'> => {
  const own = actionOf(name).members.filter((member) => member !== 'bountyId')
  return Object.fromEntries(own.map((member) => [member, memberTypes[member] === 'uint256' ? 'integer' : 'string']))
}

/** The members of the message beside the run's id, as JSON has them. */
export function bodyOf(message: RunMessage): Record<string, string | number> {
  const values = valuesOf(message)
  const own = actionOf(message.action).members.filter((member) => member !== 'bountyId')
  return Object.fromEntries(
    own.map((member) => {
      const value = values[member]
      return [member, typeof value === 'bigint' ? Number(value) : value]
    }),
  )
}

const fieldsOf = (name: RunActionName) =>
  actionOf(name).members.map((member) => ({ name: member, type: memberTypes[member] }))

/** The EIP-712 message of the action. Its integers are decimal strings, which every wallet reads exactly from JSON. */
export function runTypedData(market: MarketAddress, message: RunMessage) {
  const { primaryType, members } = actionOf(message.action)
  const values = valuesOf(message)
  return {
    types: { EIP712Domain: domainType, [primaryType]: fieldsOf(message.action) },
    primaryType,
    message: Object.fromEntries(members.map((member) => [member, String(values[member])])),
    domain: domainOf(market),
  }
}

/** The hash of the type of each message. */
const typeHashes = Object.fromEntries(
  runActionNames.map((name) => {
    const fields = fieldsOf(name).map((field) => `${field.type} ${field.name}`)
    return [name, keccak256(stringToHex(`${actionOf(name).primaryType}(${fields.join()})`))]
  }),
) as Record<RunActionName, Hex>

/** What the party signs: the EIP-712 hash of `runTypedData`. It is the id of the action. */
export function runDigest(market: MarketAddress, message: RunMessage): Hex {
  const values = valuesOf(message)
  const hashed = actionOf(message.action).members.map((member) => {
    const type = memberTypes[member]
    return type === 'string'
      ? { type: 'bytes32', value: keccak256(stringToHex(message.text)) }
      : { type, value: values[member] }
  })
  const parameters = [{ type: 'bytes32' }, ...hashed.map(({ type }) => ({ type }))]
  const struct = encodeAbiParameters(parameters, [typeHashes[message.action], ...hashed.map(({ value }) => value)])
  return keccak256(concat(['0x1901', domainHashOf(market), keccak256(struct)]))
}

/** The data of the call with which any account makes the signed action. */
export function runCallData(message: RunMessage, signature: Hex): Hex {
  const { functionName } = actionOf(message.action)
  const values: Record<string, unknown> = { ...valuesOf(message), signature }
  const call = bountyMarketAbi.find((item): item is Extract<typeof item, AbiFunction> => {
    return item.type === 'function' && item.name === functionName
  })
  if (!call) throw new Error(`The market has no function ${functionName}`)
  const args = call.inputs.map(({ name }) => values[name])
  return encodeFunctionData({ abi: [call as AbiFunction], functionName, args })
}
