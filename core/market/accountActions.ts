import {
  type Address,
  encodeAbiParameters,
  type Hex,
  hashTypedData,
  keccak256,
  parseAbiParameters,
  stringToHex,
  type TypedDataDefinition,
} from 'viem'
import { REWARD_PER_FEE } from './constants.ts'
import { domainType, messageTypes } from './messageTypes.ts'

/**
 * What an account signs to post a run, to register an agent, and to stake and unstake for one: its members in the order of
 * the API, with their Solidity types.
 */
export const accountActions = {
  /** The deadline is the run's. USDC's authorization is valid before the second `validBefore`. */
  post: {
    poster: 'address',
    ipfsHash: 'string',
    reward: 'uint256',
    deadline: 'uint64',
    workPeriod: 'uint32',
    stakePercent: 'uint8',
    evaluator: 'address',
    claimant: 'address',
    salt: 'bytes32',
    validBefore: 'uint256',
  },
  register: { owner: 'address', agentURI: 'string', salt: 'bytes32', deadline: 'uint256' },
  stake: {
    agentId: 'uint256',
    from: 'address',
    owner: 'address',
    amount: 'uint256',
    salt: 'bytes32',
    validBefore: 'uint256',
  },
  unstake: { agentId: 'uint256', signer: 'address', amount: 'uint256', nonce: 'uint256', deadline: 'uint256' },
} as const

type Definitions = typeof accountActions

export type AccountActionName = keyof Definitions

export const accountActionNames = Object.keys(accountActions) as AccountActionName[]

type ValueOf<Type> = Type extends `uint${string}` ? bigint : Type extends 'string' ? string : Hex

/** The members of an action, by their names. */
export type AccountMembers<Name extends AccountActionName> = {
  [Member in keyof Definitions[Name]]: ValueOf<Definitions[Name][Member]>
}

/**
 * What an account signs. `party`: the account, which pays, owns or stakes. `deadline`: the last second at which the
 * signature is valid.
 */
export type AccountMessage = {
  [Name in AccountActionName]: {
    action: Name
    party: Address
    deadline: bigint
    members: AccountMembers<Name>
  }
}[AccountActionName]

/** The member that names the account whose signature it is. */
const signingMemberOf = { post: 'poster', register: 'owner', stake: 'from', unstake: 'signer' } as const

/** The message with these members. */
export function accountMessage<Name extends AccountActionName>(action: Name, members: AccountMembers<Name>) {
  const values = members as Record<string, bigint | string>
  const party = values[signingMemberOf[action]] as Address
  const deadline = 'validBefore' in values ? (values.validBefore as bigint) - 1n : (values.deadline as bigint)
  return { action, party, deadline, members } as Extract<AccountMessage, { action: Name }>
}

/** The message with these members, whose integers are decimal strings. */
export function readAccountMessage(action: AccountActionName, members: Record<string, string>): AccountMessage {
  const values = Object.entries(accountActions[action]).map(([member, type]) => {
    const value = members[member]
    if (value === undefined) throw new Error(`The action ${action} has no ${member}`)
    return [member, type.startsWith('uint') ? BigInt(value) : value]
  })
  return accountMessage(action, Object.fromEntries(values))
}

/** The members with integers as decimal strings. */
export const membersAsText = ({ members }: AccountMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(members).map(([member, value]) => [member, String(value)]))

/** USDC's EIP-712 domain, which differs from chain to chain. */
export type UsdcDomain = { name: string; version: string }

/** What the messages of accounts depend on beside their members. */
type SignedContracts = {
  chainId: number
  contracts: { USDC: Address; AgentRegistry: Address; AgentStaking: Address; SignedFunding: Address }
  usdcDomain: UsdcDomain
}

const postParameters = parseAbiParameters(
  'bytes32, address, string, uint256, uint64, (uint32, uint8, address, address), uint256, uint256, bytes32',
)
const stakeParameters = parseAbiParameters('bytes32, address, uint256, address, uint256, uint256, uint256, bytes32')

/** Authorizations that the relay sends hold from the beginning. */
export const VALID_AFTER = 0n

const postTag = keccak256(stringToHex('postBounty'))
const stakeTag = keccak256(stringToHex('stake'))

export type FundingMessage = Extract<AccountMessage, { action: 'post' | 'stake' }>

export const isFunding = (message: AccountMessage): message is FundingMessage =>
  message.action === 'post' || message.action === 'stake'

/** The USDC that the message moves, in base units: a post pays the fee, too. */
export const fundsOf = (message: FundingMessage): bigint =>
  message.action === 'stake' ? message.members.amount : message.members.reward + message.members.reward / REWARD_PER_FEE

/** USDC's nonce of the authorization: the hash of what the money is for, as SignedFunding computes it. */
export function authorizationNonce(message: FundingMessage): Hex {
  if (message.action === 'stake') {
    const { from, agentId, owner, amount, validBefore, salt } = message.members
    const values = [stakeTag, from, agentId, owner, amount, VALID_AFTER, validBefore, salt] as const
    return keccak256(encodeAbiParameters(stakeParameters, values))
  }
  const { poster, ipfsHash, reward, deadline, validBefore, salt } = message.members
  const { workPeriod, stakePercent, evaluator, claimant } = message.members
  const terms = [Number(workPeriod), Number(stakePercent), evaluator, claimant] as const
  const values = [postTag, poster, ipfsHash, reward, deadline, terms, VALID_AFTER, validBefore, salt] as const
  return keccak256(encodeAbiParameters(postParameters, values))
}

/** The EIP-712 message. Its integers are decimal strings, which every wallet reads exactly from JSON. */
export function accountTypedData({ chainId, contracts, usdcDomain }: SignedContracts, message: AccountMessage) {
  const { primaryType, members } = messageTypes[message.action]
  const typed = (domain: UsdcDomain, verifyingContract: Address, values: Record<string, string>) => ({
    types: { EIP712Domain: domainType, [primaryType]: members },
    primaryType,
    message: values,
    domain: { ...domain, chainId, verifyingContract },
  })
  if (isFunding(message)) {
    return typed(usdcDomain, contracts.USDC, {
      from: message.party,
      to: contracts.SignedFunding,
      value: String(fundsOf(message)),
      validAfter: String(VALID_AFTER),
      validBefore: String(message.members.validBefore),
      nonce: authorizationNonce(message),
    })
  }
  const [name, contract] =
    message.action === 'unstake'
      ? (['AgentStaking', contracts.AgentStaking] as const)
      : (['Runline', contracts.AgentRegistry] as const)
  return typed({ name, version: '1' }, contract, membersAsText(message))
}

/** What the account signs: the EIP-712 hash of `accountTypedData`. It is the id of the action. */
export const accountDigest = (contracts: SignedContracts, message: AccountMessage): Hex =>
  hashTypedData(accountTypedData(contracts, message) as unknown as TypedDataDefinition)
