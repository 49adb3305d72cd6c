import type { Hex } from 'viem'
import { bytesToHex, zeroAddress } from 'viem'
import { type AskedOfAccount, accountToSign, type TrustedContracts } from './accountMessage.ts'
import type { ActionOptions } from './action.ts'
import type { components } from './api.ts'
import { POSTER_EVALUATES } from './claimMessage.ts'
import type { AnyId } from './reads.ts'
import { type Api, bodyOf, stoppedBy } from './request.ts'
import { asText } from './typedData.ts'
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

const randomSalt = (): Hex => bytesToHex(crypto.getRandomValues(new Uint8Array(32)))

/**
 * Asks what to sign, signs it if it is what was asked, and sends it until it is decided.
 * @param path of the route, which differs by action as its body does, unlike the answers.
 */
async function act<Made extends { success: true }>(
  api: Api,
  contracts: TrustedContracts,
  asked: AskedOfAccount,
  { what, path, id }: { what: string; path: '/api/runs' | '/api/agents' | '/api/agents/{id}/stake'; id?: string },
  { signer, ...options }: ActionOptions,
): Promise<Made> {
  const { action, ...members } = asked
  // The API takes these from the chain, and the client compares them.
  const ofChain = action === 'stake' ? 'owner' : 'nonce'
  const { [ofChain]: _, ...given } = members
  const messagePath = `/api/messages/${action}` as '/api/messages/register'
  const params = { query: asText(given) as { owner: string; agentURI: string } }
  const message = await bodyOf(api.GET(messagePath, { params, ...stoppedBy(options) }))
  const { typedData, body } = accountToSign(message, asked, contracts)
  const signed = { ...body, signature: await signer.signTypedData(typedData) } as unknown as Schemas['StakeRequest']
  const send = () =>
    api.POST(path as '/api/agents/{id}/stake', {
      params: { path: { id: id ?? '' } },
      body: signed,
      ...stoppedBy(options),
    })
  return (await untilDecided(what, send, options)) as unknown as Made
}

/**
 * Posts a run with USDC that a signature moves.
 * @throws as all actions: ProblemError with the refusal, UndecidedActionError at the timeout, UnexpectedMessageError before
 * it signs another message than the action.
 */
export function postRun(api: Api, contracts: TrustedContracts, terms: PostTerms, options: ActionOptions) {
  const poster = options.signer.address
  const asked: AskedOfAccount = { action: 'post', poster, ...fullTerms(terms), salt: randomSalt() }
  return act<Schemas['Action']>(api, contracts, asked, { what: 'The post', path: '/api/runs' }, options)
}

/** Registers an agent of the signer. */
export function registerAgent(api: Api, contracts: TrustedContracts, agentURI: string, options: ActionOptions) {
  const owner = options.signer.address
  const asked: AskedOfAccount = { action: 'register', owner, agentURI, salt: randomSalt() }
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
  options: ActionOptions,
) {
  const { address } = options.signer
  const id = String(agent.id)
  const asked: AskedOfAccount =
    action === 'stake'
      ? { action, agentId: id, from: address, owner: agent.ownerAddress ?? address, amount, salt: randomSalt() }
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
