import { type Address, type Hex, zeroAddress } from 'viem'
import { accountActions, accountTypedData, readAccountMessage } from '../../core/market/accountActions.ts'
import { claimTypedData } from '../../core/market/claimMessage.ts'
import { type RunActionName, runActionNames, runTypedData, textMemberOf } from '../../core/market/runActions.ts'
import { accountOf } from '../../tools/devnet/accounts.ts'

/** The contracts that the caller trusts. */
export const trusted = {
  chainId: 31337,
  contracts: {
    USDC: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
    AgentRegistry: '0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512',
    AgentStaking: '0xCafac3dD18aC6c6e92c921884f9E4176737C052c',
    BountyMarket: '0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0',
    SignedFunding: '0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9',
  },
  usdcDomain: { name: 'USD Coin', version: '2' },
} as const

const market = { chainId: trusted.chainId, address: trusted.contracts.BountyMarket }

export const signer = accountOf(2)
export const stranger = accountOf(9).address

/** The run that the caller has read. */
export const readRun = {
  bountyId: 7,
  state: 'SUBMITTED',
  reward: '100000000',
  stakeRequired: '10000000',
  workPeriod: 604_800,
  evaluator: null,
  round: 2,
  revisions: 1,
} as const

/** The terms of the run on chain, and other values of a claim's message. */
export const claimTerms = {
  agentId: 3n,
  round: 3n,
  reward: 100_000_000n,
  stake: 10_000_000n,
  workPeriod: 604_800n,
  evaluator: zeroAddress as Address,
}

/** The agent that the caller has read: the signer is its owner. */
export const readAgent = { id: 3, ownerAddress: signer.address, nonce: 4 } as const

type TypedData = {
  domain: Record<string, unknown>
  types: Record<string, readonly { readonly name: string; readonly type: string }[]>
  primaryType: string
  message: Record<string, string>
}

const now = () => BigInt(Math.floor(Date.now() / 1_000))
const validUntil = () => now() + 600n
const tooLate = () => String(now() + 7_200n)

/** What an honest API asks to sign. @param terms other terms of the run. */
export function honestMessage(url: URL, terms: Partial<typeof claimTerms> = {}): TypedData {
  const query = Object.fromEntries(url.searchParams)
  const action = url.pathname.split('/').at(-1) ?? ''
  if (action === 'claim-message') {
    const claim = { bountyId: 7n, wallet: signer.address, ...claimTerms, ...terms }
    return claimTypedData(market, claim, validUntil())
  }
  if (runActionNames.some((name) => name === action)) {
    const name = action as RunActionName
    const text = query[textMemberOf(name) ?? ''] ?? ''
    const facts = {
      bountyId: 7n,
      party: signer.address,
      round: 2n,
      revision: 1n,
      text,
      claimant: query.claimant as Address,
      deadline: validUntil(),
    }
    return runTypedData(market, { action: name, ...facts })
  }
  const name = action as keyof typeof accountActions
  const defaults = { workPeriod: '0', stakePercent: '0', evaluator: zeroAddress, owner: signer.address, nonce: '4' }
  const until = { validBefore: String(validUntil()), ...(name !== 'post' && { deadline: String(validUntil()) }) }
  return accountTypedData(trusted, readAccountMessage(name, { ...defaults, ...until, ...query }))
}

/** A lie: one member that differs from what an honest API asks to sign. */
export type Lie = `${'domain' | 'message' | 'query'}.${string}` | 'primaryType' | 'types'

/** Answers as an API that lies about the member. */
export function lyingMessage(url: URL, lie: Lie | undefined): TypedData {
  const [part, member = ''] = (lie ?? '').split('.')
  if (part === 'query') {
    // The nonce of a payment hides what it is for.
    const of = new URL(url)
    const type = { ...accountActions.post, ...accountActions.stake }[member as 'owner'] ?? 'string'
    const isEnd = member === 'validBefore'
    of.searchParams.set(member, isEnd ? tooLate() : otherOf(type, of.searchParams.get(member) ?? '0'))
    return honestMessage(of)
  }
  const { domain, types, primaryType, message } = honestMessage(url)
  const members = types[primaryType] ?? []
  switch (part) {
    case 'domain': {
      const other = { name: 'Other', version: '3', chainId: 1, verifyingContract: stranger }
      return { types, primaryType, message, domain: { ...domain, [member]: other[member as 'name'] } }
    }
    case 'message': {
      const type = members.find(({ name }) => name === member)?.type ?? ''
      const other = member === 'deadline' ? tooLate() : otherOf(type, message[member] ?? '')
      return { domain, types, primaryType, message: { ...message, [member]: other } }
    }
    case 'primaryType':
      return { domain, types: { Other: members }, primaryType: 'Other', message }
    case 'types':
      return { domain, types: { ...types, [primaryType]: members.slice(1) }, primaryType, message }
    default:
      return { domain, types, primaryType, message }
  }
}

function otherOf(type: string, value: string): string {
  if (type === 'address') return stranger
  if (type === 'bytes32') return `0x${'12'.repeat(32)}` satisfies Hex
  // Letter case counts in a text.
  return type === 'string' ? value.toUpperCase() : String(BigInt(value) + 1n)
}

const ofDomain = ['domain.chainId', 'domain.verifyingContract'] as const
const ofOwnDomain = [...ofDomain, 'domain.name', 'domain.version'] as const
const ofType = ['primaryType', 'types'] as const
const message = (...members: string[]) => members.map((member): Lie => `message.${member}`)
const payment = message('from', 'to', 'value', 'validAfter', 'validBefore', 'nonce')
/** With another name or version of USDC's domain, USDC refuses the signature. */
const ofPayment = [...ofDomain, ...ofType, ...payment]

/** What an API could lie about, by action: each member of what is signed. */
export const liesOf: Record<string, Lie[]> = {
  claim: [
    ...ofOwnDomain,
    ...ofType,
    ...message('bountyId', 'agentId', 'wallet', 'round', 'reward', 'stake', 'workPeriod', 'evaluator', 'deadline'),
  ],
  start: [...ofOwnDomain, ...ofType, ...message('bountyId', 'wallet', 'round', 'deadline')],
  submit: [
    ...ofOwnDomain,
    ...ofType,
    ...message('bountyId', 'wallet', 'round', 'revision', 'deliverableHash', 'deadline'),
  ],
  abandon: [...ofOwnDomain, ...ofType, ...message('bountyId', 'wallet', 'round', 'revision', 'deadline')],
  approve: [...ofOwnDomain, ...ofType, ...message('bountyId', 'signer', 'round', 'revision', 'deadline')],
  revise: [
    ...ofOwnDomain,
    ...ofType,
    ...message('bountyId', 'signer', 'round', 'revision', 'feedbackHash', 'deadline'),
  ],
  reject: [...ofOwnDomain, ...ofType, ...message('bountyId', 'signer', 'round', 'revision', 'deadline')],
  close: [...ofOwnDomain, ...ofType, ...message('bountyId', 'poster', 'deadline')],
  // The number of a naming is the API's to name: the market refuses another than the next.
  'name-claimant': [...ofOwnDomain, ...ofType, ...message('bountyId', 'poster', 'claimant', 'deadline')],
  post: [
    ...ofPayment,
    ...(['poster', 'ipfsHash', 'reward', 'deadline', 'evaluator', 'salt', 'validBefore'] as const).map(
      (member): Lie => `query.${member}`,
    ),
  ],
  register: [...ofOwnDomain, ...ofType, ...message('owner', 'agentURI', 'salt', 'deadline')],
  stake: [
    ...ofPayment,
    ...(['agentId', 'from', 'owner', 'amount', 'salt', 'validBefore'] as const).map((member): Lie => `query.${member}`),
  ],
  unstake: [...ofOwnDomain, ...ofType, ...message('agentId', 'signer', 'amount', 'nonce', 'deadline')],
}
