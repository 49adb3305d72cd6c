import type { components } from './api.ts'
import { assertSame, type MarketAddress, trustedDomain } from './claimMessage.ts'
import { UnexpectedMessageError } from './errors.ts'

type Message = components['schemas']['Message']

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
  deadline: 'uint256',
} as const

type ActionName = keyof typeof actions

/** How long a signature is valid at most. The contract has no limit for most actions. Seconds. */
const MAX_VALIDITY_SECONDS = 3_600

/** What the caller asked for. `signer` signs. A revision is that of the last delivery where it is absent. */
export type AskedAction = {
  action: ActionName
  runId: string
  signer: string
  text?: string | undefined
  revision?: number | undefined
}

/** EIP-712 typed data of an action about a run: see `ClaimTypedData`. */
export type ActionTypedData = {
  domain: { name: string; version: string; chainId: number; verifyingContract: `0x${string}` }
  types: Record<string, { name: string; type: string }[]>
  primaryType: string
  message: Record<string, bigint | string>
}

/** Signs actions: a viem account, or any object with these two members. */
export type ActionSigner = { address: string; signTypedData(typedData: ActionTypedData): Promise<string> }

/**
 * The typed data of the action. Its domain, types, run, signer and text come from the caller; round, deadline, and the
 * revision unless the caller named it, from the API. The contract refuses a signature of another round or revision.
 * @throws UnexpectedMessageError if the API's message is of another market, chain, run, signer, text or revision, or valid
 * for more than an hour.
 */
export function actionTypedData(
  { typedData: { domain, message } }: Message,
  { action, runId, signer, text, revision }: AskedAction,
  market: MarketAddress,
): ActionTypedData {
  const { primaryType, members } = actions[action]
  const asked: Record<string, string | number | undefined> = {
    bountyId: runId,
    wallet: signer,
    signer,
    poster: signer,
    revision,
    deliverableHash: text,
    feedbackHash: text,
  }
  const ownDomain = trustedDomain(domain, market)
  const values = members.map((member): [string, bigint | string] => {
    const got = message[member] ?? ''
    const expected = asked[member]
    if (types[member] === 'string') {
      // Letter case counts in a text.
      if (got !== expected) throw new UnexpectedMessageError(member, expected, got)
      return [member, got]
    }
    if (expected !== undefined) assertSame(member, expected, got)
    return [member, types[member] === 'address' ? signer : BigInt(got)]
  })
  const latest = Math.floor(Date.now() / 1_000) + MAX_VALIDITY_SECONDS
  if (Number(message.deadline) > latest) {
    throw new UnexpectedMessageError('deadline', `at most ${latest}`, message.deadline)
  }
  return {
    domain: ownDomain,
    types: { [primaryType]: members.map((name) => ({ name, type: types[name] })) },
    primaryType,
    message: Object.fromEntries(values),
  }
}

/** The members of the action's body beside the signature. */
export function actionBody({ message }: ActionTypedData): Record<string, string> {
  const { bountyId: _, ...own } = message
  return Object.fromEntries(Object.entries(own).map(([member, value]) => [member, String(value)]))
}
