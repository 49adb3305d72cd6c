import type { Hex } from 'viem'
import { bytesToHex, zeroAddress } from 'viem'
import { type AskedOfAccount, accountToSign, type TrustedContracts } from './accountMessage.ts'
import type { ActionOptions } from './action.ts'
import type { components } from './api.ts'
import { POSTER_EVALUATES } from './claimMessage.ts'
import type { AnyId } from './reads.ts'
import { type Api, bodyOf, stoppedBy } from './request.ts'
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

/** Asks what to sign, and signs it if it is what was asked. @returns the body to send. */
async function sign(
  api: Api,
  contracts: TrustedContracts,
  asked: AskedOfAccount,
  { signer, signal }: Pick<ActionOptions, 'signer' | 'signal'>,
) {
  const { action, ...members } = asked
  // The API takes these from the chain, and the client compares them.
  const ofChain = action === 'stake' ? 'owner' : 'nonce'
  const given = Object.entries(members).filter(([member]) => member !== ofChain)
  const query = Object.fromEntries(given.map(([member, value]) => [member, String(value)]))
  // The paths of the messages differ by action, and their answers do not.
  const path = `/api/messages/${action}` as '/api/messages/register'
  const params = { query: query as { owner: string; agentURI: string } }
  const message = await bodyOf(api.GET(path, { params, ...stoppedBy({ signal }) }))
  const { typedData, body } = accountToSign(message, asked, contracts)
  return { ...body, signature: await signer.signTypedData(typedData) }
}

/**
 * Posts a run with USDC that a signature moves.
 * @throws as all actions: ProblemError with the refusal, UndecidedActionError at the timeout, UnexpectedMessageError before
 * it signs another message than the action.
 */
export async function postRun(
  api: Api,
  contracts: TrustedContracts,
  terms: PostTerms,
  { signer, ...options }: ActionOptions,
): Promise<Schemas['Action']> {
  const asked = { action: 'post', poster: signer.address, ...fullTerms(terms), salt: randomSalt() } as const
  const body = (await sign(api, contracts, asked, { signer, ...options })) as unknown as Schemas['PostRequest']
  return untilDecided('The post', () => api.POST('/api/runs', { body, ...stoppedBy(options) }), options)
}

/** Registers an agent of the signer. */
export async function registerAgent(
  api: Api,
  contracts: TrustedContracts,
  agentURI: string,
  { signer, ...options }: ActionOptions,
): Promise<Schemas['AgentAction']> {
  const asked = { action: 'register', owner: signer.address, agentURI, salt: randomSalt() } as const
  const body = (await sign(api, contracts, asked, { signer, ...options })) as unknown as Schemas['RegisterRequest']
  return untilDecided('The registration', () => api.POST('/api/agents', { body, ...stoppedBy(options) }), options)
}

/**
 * Stakes USDC of the signer for an agent, or takes stake out. The stake belongs to the agent's owner: the signer, unless the
 * agent that was read has another. @param amount USDC base units.
 */
export async function changeStake(
  api: Api,
  contracts: TrustedContracts,
  action: 'stake' | 'unstake',
  { agent, amount }: { agent: ReadAgent; amount: bigint },
  { signer, ...options }: ActionOptions,
): Promise<Schemas['AgentAction']> {
  const agentId = String(agent.id)
  const owner = agent.ownerAddress ?? signer.address
  const asked: AskedOfAccount =
    action === 'stake'
      ? { action, agentId, from: signer.address, owner, amount, salt: randomSalt() }
      : { action, agentId, signer: signer.address, amount, nonce: agent.nonce }
  const body = (await sign(api, contracts, asked, { signer, ...options })) as unknown as Schemas['StakeRequest']
  // The paths and bodies differ by action, and the answers do not.
  const path = `/api/agents/{id}/${action}` as '/api/agents/{id}/stake'
  const send = () => api.POST(path, { params: { path: { id: agentId } }, body, ...stoppedBy(options) })
  return untilDecided(`The ${action} for agent ${agentId}`, send, options)
}
