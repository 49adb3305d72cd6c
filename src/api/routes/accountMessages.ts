import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { bytesToHex, getAddress, type Hex, zeroAddress } from 'viem'
import {
  type AccountActionName,
  type AccountMessage,
  accountActions,
  accountMessage,
  accountTypedData,
} from '../../../core/market/accountActions.ts'
import {
  LONGEST_VALIDITY_SECONDS,
  MAX_WORK_PERIOD,
  postError,
  unstakeError,
} from '../../../core/market/accountRules.ts'
import { directAccountCalls } from '../../../core/market/directCall.ts'
import type { Deps } from '../deps.ts'
import { type ProblemCode, refusedBy } from '../http/errors.ts'
import { addressParameter, idParameter } from '../http/values.ts'
import { refusalOfPost } from '../relay/kinds/accounts/examine.ts'
import { namesOf, saltParameter, textParameter, uriParameter } from '../resources/bodies.ts'
import type { BodyMembers } from '../resources/messages.ts'
import { relayOf } from './actionAnswers.ts'
import { pathOf } from './actions.ts'
import { readIndex } from './indexed.ts'
import { deadlineParameter, endOfValidity, messageRoute, secondParameter } from './messageRoute.ts'
import { readAgent } from './named.ts'

const amountParameter = z
  .string('must be given once')
  .regex(/^[1-9][0-9]{0,15}$/, 'must be an amount of at least 1, in USDC base units')
  .transform(BigInt)
  .openapi({ type: 'string', description: 'In USDC base units.' })

const numberParameter = (most: bigint, description: string) =>
  z
    .string('must be given once')
    .regex(/^(0|[1-9][0-9]{0,15})$/, 'must be an integer from 0')
    .transform(BigInt)
    .refine((value) => value <= most, `must be at most ${most}`)
    .openapi({ type: 'integer', description })

const salt = saltParameter.optional()
const validBefore = deadlineParameter.openapi({
  description: 'The authorization is valid before this second, at most ten minutes ahead, which is the default.',
})

/** The members of a body that are numbers in JSON: all integers but amounts and ids. */
const NUMBERS = new Set(['deadline', 'workPeriod', 'stakePercent', 'validBefore', 'nonce'])

const membersOf = (name: AccountActionName): BodyMembers =>
  Object.fromEntries(namesOf(name).map((member) => [member, NUMBERS.has(member) ? 'integer' : 'string']))

/** The route of the message of an action of an account. @param query its parameters beside those of all messages. */
const routeOf = <Name extends AccountActionName, Query extends z.ZodRawShape, const Code extends ProblemCode>(
  name: Name,
  query: Query,
  codes: readonly Code[],
) => messageRoute(name, membersOf(name), query, [...codes, 'INDEX_BEHIND', 'RELAY_UNAVAILABLE'])

const postQuery = {
  poster: addressParameter,
  ipfsHash: textParameter,
  reward: amountParameter,
  deadline: secondParameter.openapi({
    type: 'integer',
    description: 'Last second at which the run can be claimed, in seconds since 1970.',
  }),
  workPeriod: numberParameter(MAX_WORK_PERIOD, 'Seconds, in whole hours; the default if absent.').optional(),
  stakePercent: numberParameter(100n, 'Of the reward; the default if absent.').optional(),
  evaluator: addressParameter.optional(),
  claimant: addressParameter.optional().openapi({ description: 'The only wallet that may claim; any if absent.' }),
  salt,
  validBefore,
}
const registerQuery = { owner: addressParameter, agentURI: uriParameter, salt, deadline: deadlineParameter }
const stakeQuery = {
  agentId: idParameter,
  from: addressParameter,
  amount: amountParameter,
  salt,
  validBefore,
}
const unstakeQuery = {
  agentId: idParameter,
  signer: addressParameter,
  amount: amountParameter,
  deadline: deadlineParameter,
}

function bodyOf({ members }: AccountMessage): Record<string, string | number> {
  const own = Object.entries(members).filter(([member]) => member !== 'agentId')
  return Object.fromEntries(own.map(([member, value]) => [member, NUMBERS.has(member) ? Number(value) : String(value)]))
}

export function addAccountMessageRoutes(app: OpenAPIHono, deps: Deps) {
  const { index, deployment } = deps
  const readBlock = (c: Context, minBlock: bigint | undefined) => readIndex(c, index, minBlock, async () => null)

  /** The answer with what to sign. */
  async function toSign<Message extends AccountMessage>(message: Message) {
    const typedData = accountTypedData(await relayOf(deps, message.action).readContracts(), message)
    const path = pathOf(message.action, 'agentId' in message.members ? message.members.agentId : undefined)
    const action = message.action as Message['action']
    return { action, path, body: bodyOf(message), typedData, ...directAccountCalls(deployment, message) }
  }

  app.openapi(routeOf('post', postQuery, ['TERMS_REFUSED', 'REWARD_TOO_LOW']), async (c) => {
    const { minBlock, salt, validBefore, ...query } = c.req.valid('query')
    const { snapshot } = await readBlock(c, minBlock)
    const { workPeriod = 0n, stakePercent = 0n, evaluator = zeroAddress, claimant = zeroAddress, ...terms } = query
    const error = postError({ ...terms, workPeriod }, BigInt(deployment.maxReward), snapshot.now)
    if (error) throw refusedBy(error)
    const { leastPost, leastReward } = relayOf(deps, 'post')
    const small = refusalOfPost(terms.reward, leastPost) ?? refusalOfPost(terms.reward, leastReward)
    if (small) throw small
    const until = endOf('post', validBefore, snapshot.now)
    const { poster, ipfsHash, reward, deadline } = terms
    const signed = { poster, ipfsHash, reward, deadline, workPeriod, stakePercent, evaluator, claimant }
    const message = accountMessage('post', { ...signed, salt: salt ?? randomSalt(), validBefore: until })
    return c.json(await toSign(message), 200)
  })

  app.openapi(routeOf('register', registerQuery, ['REGISTRATION_UNSUPPORTED']), async (c) => {
    const { minBlock, owner, agentURI, salt = randomSalt(), deadline } = c.req.valid('query')
    const { snapshot } = await readBlock(c, minBlock)
    const unsupported = await relayOf(deps, 'register').refusalOfRegistry()
    if (unsupported) throw unsupported
    const until = endOf('register', deadline, snapshot.now)
    return c.json(await toSign(accountMessage('register', { owner, agentURI, salt, deadline: until })), 200)
  })

  app.openapi(routeOf('stake', stakeQuery, ['AGENT_NOT_FOUND']), async (c) => {
    const { minBlock, agentId, from, amount, salt = randomSalt(), validBefore } = c.req.valid('query')
    const { snapshot, agent } = await readAgent(c, index, minBlock, agentId)
    const owner = getAddress(agent.owner)
    const until = endOf('stake', validBefore, snapshot.now)
    const message = accountMessage('stake', { agentId, from, owner, amount, salt, validBefore: until })
    return c.json(await toSign(message), 200)
  })

  const unstakeRefusals = ['AGENT_NOT_FOUND', 'SIGNER_MISMATCH', 'INSUFFICIENT_STAKE', 'STAKE_LOCKED'] as const
  app.openapi(routeOf('unstake', unstakeQuery, unstakeRefusals), async (c) => {
    const { minBlock, agentId, signer, amount, deadline } = c.req.valid('query')
    const { snapshot, agent } = await readAgent(c, index, minBlock, agentId)
    const owner = getAddress(agent.owner)
    const wallet = getAddress(agent.agentWallet ?? agent.owner)
    const facts = { id: agentId, owner, wallet, staked: agent.stakedAmount, locked: agent.lockedAmount }
    const error = unstakeError(facts, signer, amount)
    if (error) throw refusedBy(error)
    const nonce = await relayOf(deps, 'unstake').unstakeNonceOf(agentId)
    const until = endOf('unstake', deadline, snapshot.now)
    const message = accountMessage('unstake', { agentId, signer, amount, nonce, deadline: until })
    return c.json(await toSign(message), 200)
  })
}

const randomSalt = (): Hex => bytesToHex(crypto.getRandomValues(new Uint8Array(32)))

/** The end of a signature's validity, in seconds: its last second, or the first at which an authorization is invalid. */
function endOf(name: AccountActionName, requested: bigint | undefined, now: bigint): bigint {
  const longest = LONGEST_VALIDITY_SECONDS[name]
  return 'validBefore' in accountActions[name]
    ? endOfValidity(requested, now, { field: 'validBefore', longest: longest + 1n, note: '' })
    : endOfValidity(requested, now, { longest, note: '' })
}
