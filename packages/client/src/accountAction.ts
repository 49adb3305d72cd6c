import { bytesToHex, type Hex, zeroAddress } from 'viem'
import {
  type AccountActionName,
  accountActions,
  accountTypedData,
  readAccountMessage,
} from '../../../core/market/accountActions.ts'
import { endOfSalt } from '../../../core/market/salt.ts'
import type { ActionOptions } from './action.ts'
import type { components } from './api.ts'
import { POSTER_EVALUATES } from './claimMessage.ts'
import type { AnyId } from './reads.ts'
import { type Api, bodyOf, stoppedBy } from './request.ts'
import { asText, digestOf, integerOf, typedDataOf } from './typedData.ts'
import { untilDecided } from './untilDecided.ts'

type Schemas = components['schemas']

/** The terms of a run. */
type Terms = {
  /** USDC base units. The poster pays a fee of a twentieth besides. */
  reward: bigint
  /** The last second at which the run can be claimed, since 1970. */
  deadline: bigint | number
  /** How long the agent has to deliver, in seconds, in whole hours; the market's default if absent. */
  workPeriod?: number | undefined
  /** The stake of a claim, in percent of the reward; the market's default if absent. */
  stakePercent?: number | undefined
  /** Who reviews; the poster if absent. */
  evaluator?: string | undefined
  /** The only wallet that may claim; any if absent. The poster's own address: none, until the poster names one. */
  claimant?: string | undefined
}

/** The terms of a run that is posted. `ipfsHash`: where the brief is, at most 128 bytes. */
export type PostTerms = Terms & { ipfsHash: string }

/** A run to post, whose brief is named by a URI, or is stored first. */
export type NewRun = PostTerms | (Terms & { brief: Schemas['Brief'] })

/** An agent as its caller has read it. `nonce`: that of the next withdrawal, `AgentStaking.nonceOf`. */
export type ReadAgent = { id: AnyId; ownerAddress?: string; nonce?: AnyId }

/** An agent's id, or the agent as it was read: then the client signs for its owner, and for its nonce, only. */
export type AnyAgent = AnyId | ReadAgent

export const agentOf = (agent: AnyAgent): ReadAgent => (typeof agent === 'object' ? agent : { id: agent })

/** All terms, with those that are absent as the contract has its defaults. */
export const fullTerms = ({ deadline, workPeriod, stakePercent, evaluator, claimant, ...terms }: PostTerms) => ({
  ipfsHash: terms.ipfsHash,
  reward: terms.reward,
  deadline: BigInt(deadline),
  workPeriod: workPeriod ?? 0,
  stakePercent: stakePercent ?? 0,
  evaluator: evaluator ?? POSTER_EVALUATES,
  claimant: claimant ?? zeroAddress,
})

/** The contracts that the caller trusts with its USDC, its stake and its agents. */
export type TrustedContracts = {
  chainId: number
  usdc: string
  /** Takes the payments of posts and stakes, each only for what it is for. Without it, the client signs none. */
  signedFunding?: string | undefined
  agentStaking: string
  agentRegistry: string
}

/**
 * The members of the action that the caller knows. Amounts in USDC base units; times in seconds. `nonce` of an unstake: without it,
 * the client signs that of the API.
 */
type AskedOfAccount = { action: AccountActionName } & Record<string, AnyId | undefined>

/** `salt`: see `BySalt`. */
type SaltedOptions = ActionOptions & { salt?: Hex | undefined }

/**
 * Asks what to sign, signs it if it is what was asked, and sends it until it is decided. Contracts, terms, owner, amounts and salt
 * come from the caller, and the nonce of a payment is computed from them. From the API come the end of the validity where the caller
 * names no salt, name and version of USDC's domain, and the nonce of a withdrawal that the caller has not named: with wrong ones, the
 * contracts refuse the signature.
 * @param path of the route, which differs by action as its body does, unlike the answers.
 */
async function act<Made extends { success: true }>(
  api: Api,
  contracts: TrustedContracts,
  { action, ...known }: AskedOfAccount,
  { what, path, id }: { what: string; path: '/api/runs' | '/api/agents' | '/api/agents/{id}/stake'; id?: string },
  { signer, salt, ...options }: SaltedOptions,
): Promise<Made> {
  const { signedFunding } = contracts
  const isPayment = action === 'post' || action === 'stake'
  if (isPayment && !signedFunding) throw new Error(`The action ${action} needs the option contracts.signedFunding.`)
  const end = isPayment ? 'validBefore' : 'deadline'
  if (salt !== undefined) Object.assign(known, { salt, [end]: endOfSalt(salt) })
  if (action !== 'unstake') known.salt ??= bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
  // The API states no message that has ended, and answers one that was sent in time.
  const hasEnded = salt !== undefined && endOfSalt(salt) <= Date.now() / 1_000
  // The API takes these from the chain, and the client compares them.
  const leftOut = [action === 'stake' ? 'owner' : 'nonce', ...(hasEnded ? [end] : [])]
  const given = Object.fromEntries(Object.entries(known).filter(([name]) => !leftOut.includes(name)))
  const messagePath = `/api/messages/${action}` as '/api/messages/register'
  const params = { query: asText(given) as { owner: string; agentURI: string } }
  const { typedData: asked } = await bodyOf(api.GET(messagePath, { params, ...stoppedBy(options) }))

  const names = Object.keys(accountActions[action])
  const members = asText(Object.fromEntries(names.map((name) => [name, known[name] ?? integerOf(asked, name)])))
  const trusted = {
    USDC: contracts.usdc as Hex,
    SignedFunding: signedFunding as Hex,
    AgentStaking: contracts.agentStaking as Hex,
    AgentRegistry: contracts.agentRegistry as Hex,
  }
  const { name, version } = asked.domain
  const signedFor = { chainId: contracts.chainId, contracts: trusted, usdcDomain: { name, version } }
  const own = accountTypedData(signedFor, readAccountMessage(action, members))
  const typedData = typedDataOf(action, own.domain, own.message, hasEnded ? own : asked)
  const signature = await signer.signTypedData(typedData)

  const { agentId: __, ...body }: Record<string, string> = { ...members, signature }
  const request = { params: { path: { id: id ?? '' } }, body: body as unknown as Schemas['StakeRequest'] }
  const send = () => api.POST(path as '/api/agents/{id}/stake', { ...request, ...stoppedBy(options) })
  return (await untilDecided({ what, actionId: digestOf(typedData) }, send, options)) as unknown as Made
}

/**
 * Posts a run with USDC that a signature moves.
 * @throws as all actions: ProblemError with the refusal, UndecidedError at the timeout, UnexpectedMessageError before
 * it signs another message than the action.
 */
export function postRun(api: Api, contracts: TrustedContracts, terms: PostTerms, options: SaltedOptions) {
  const poster = options.signer.address
  const asked: AskedOfAccount = { action: 'post', poster, ...fullTerms(terms) }
  return act<Schemas['Action']>(api, contracts, asked, { what: 'The post', path: '/api/runs' }, options)
}

/** Registers an agent of the signer. */
export function registerAgent(api: Api, contracts: TrustedContracts, agentURI: string, options: SaltedOptions) {
  const owner = options.signer.address
  const asked: AskedOfAccount = { action: 'register', owner, agentURI }
  return act<Schemas['AgentAction']>(api, contracts, asked, { what: 'The registration', path: '/api/agents' }, options)
}

/**
 * Stakes USDC of the signer for an agent, or takes stake out. The stake belongs to the agent's owner: the signer, unless the
 * agent that was read has another. @param amount USDC base units.
 */
export function changeStake(
  api: Api,
  contracts: TrustedContracts,
  action: 'stake' | 'unstake',
  { agent, amount }: { agent: ReadAgent; amount: bigint },
  options: SaltedOptions,
) {
  const { address } = options.signer
  const id = String(agent.id)
  const asked: AskedOfAccount =
    action === 'stake'
      ? { action, agentId: id, from: address, owner: agent.ownerAddress ?? address, amount }
      : { action, agentId: id, signer: address, amount, nonce: agent.nonce }
  const path = `/api/agents/{id}/${action}` as '/api/agents/{id}/stake'
  return act<Schemas['AgentAction']>(
    api,
    contracts,
    asked,
    { what: `The ${action} for agent ${id}`, path, id },
    options,
  )
}
