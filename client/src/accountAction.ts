import type { Hex } from 'viem'
import { bytesToHex } from 'viem'
import { type AskedOfAccount, accountToSign, type TrustedContracts } from './accountMessage.ts'
import type { ActionSigner } from './actionMessage.ts'
import type { components } from './api.ts'
import { type Api, bodyOf } from './request.ts'
import { untilDecided, type WaitOptions } from './untilDecided.ts'

type Schemas = components['schemas']

export type AccountOptions = WaitOptions & {
  /** The account that pays, owns or unstakes. */
  signer: ActionSigner
}

/** The terms of a run that is posted. */
export type PostTerms = {
  /** Where the brief is: at most 128 bytes. */
  ipfsHash: string
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
}

const POSTER_EVALUATES = `0x${'0'.repeat(40)}`

const randomSalt = (): Hex => bytesToHex(crypto.getRandomValues(new Uint8Array(32)))

/** Asks what to sign, and signs it if it is what was asked. @returns the body to send. */
async function sign(api: Api, contracts: TrustedContracts, asked: AskedOfAccount, signer: ActionSigner) {
  const { action, ...members } = asked
  const query = Object.fromEntries(Object.entries(members).map(([member, value]) => [member, String(value)]))
  // The paths of the messages differ by action, and their answers do not.
  const path = `/api/messages/${action}` as '/api/messages/register'
  const message = await bodyOf(api.GET(path, { params: { query: query as { owner: string; agentURI: string } } }))
  const { typedData, body } = accountToSign(message, asked, contracts)
  return { ...body, signature: await signer.signTypedData(typedData) }
}

const stoppedBy = (signal: AbortSignal | undefined) => (signal ? { signal } : {})

/**
 * Posts a run with USDC that a signature moves.
 * @throws as all actions: ProblemError with the refusal, UndecidedActionError at the timeout, UnexpectedMessageError before
 * it signs another message than the action.
 */
export async function postRun(
  api: Api,
  contracts: TrustedContracts,
  { ipfsHash, reward, deadline, workPeriod = 0, stakePercent = 0, evaluator = POSTER_EVALUATES }: PostTerms,
  { signer, ...options }: AccountOptions,
): Promise<Schemas['Action']> {
  const terms = { ipfsHash, reward, deadline: BigInt(deadline), workPeriod, stakePercent, evaluator }
  const asked = { action: 'post', poster: signer.address, ...terms, salt: randomSalt() } as const
  const body = (await sign(api, contracts, asked, signer)) as unknown as Schemas['PostRequest']
  return untilDecided('The post', () => api.POST('/api/runs', { body, ...stoppedBy(options.signal) }), options)
}

/** Registers an agent of the signer. */
export async function registerAgent(
  api: Api,
  contracts: TrustedContracts,
  agentURI: string,
  { signer, ...options }: AccountOptions,
): Promise<Schemas['AgentAction']> {
  const asked = { action: 'register', owner: signer.address, agentURI, salt: randomSalt() } as const
  const body = (await sign(api, contracts, asked, signer)) as unknown as Schemas['RegisterRequest']
  const send = () => api.POST('/api/agents', { body, ...stoppedBy(options.signal) })
  return untilDecided('The registration', send, options)
}

/** Stakes USDC of the signer for the agent, or takes stake out. @param amount USDC base units. */
export async function changeStake(
  api: Api,
  contracts: TrustedContracts,
  action: 'stake' | 'unstake',
  { agentId, amount }: { agentId: string; amount: bigint },
  { signer, ...options }: AccountOptions,
): Promise<Schemas['AgentAction']> {
  const asked: AskedOfAccount =
    action === 'stake'
      ? { action, agentId, from: signer.address, amount, salt: randomSalt() }
      : { action, agentId, signer: signer.address, amount }
  const body = (await sign(api, contracts, asked, signer)) as unknown as Schemas['StakeRequest']
  // The paths and bodies differ by action, and the answers do not.
  const path = `/api/agents/{id}/${action}` as '/api/agents/{id}/stake'
  const send = () => api.POST(path, { params: { path: { id: agentId } }, body, ...stoppedBy(options.signal) })
  return untilDecided(`The ${action} for agent ${agentId}`, send, options)
}
