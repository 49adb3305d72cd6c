import { bytesToHex, type Hex, type LocalAccount, zeroAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import {
  type AccountMessage,
  accountMessage,
  accountTypedData,
  membersAsText,
} from '../../../core/market/accountActions.ts'
import { type AccountContracts, accountCall } from '../../../core/market/accountCall.ts'
import {
  collectCall,
  type OpenCall,
  openCallData,
  openRunCall,
  openRunCallNames,
  openRunCalls,
} from '../../../core/market/openCalls.ts'
import {
  actionOf,
  bodyOf,
  hasMember,
  type RunActionName,
  runActionNames,
  runCallData,
  runTypedData,
  textMemberOf,
} from '../../../core/market/runActions.ts'
import { runStates } from '../../../ponder.schema.ts'
import {
  accountOf,
  agentCount,
  agentParties,
  claimantOf,
  LIVE,
  OPEN,
  pickBounty,
  REVISION_REQUESTED,
} from '../../simulation/parties.ts'
import type { Random } from '../../simulation/random.ts'
import type { World } from '../../simulation/world.ts'
import { usdc } from '../../support/participants.ts'

/** An action that an account asks for: as a call of the contracts, and as requests of the API. */
export type Drawn = {
  action: string
  /** What it changes, and what else it depends on. Actions that change different things can be made at the same time. */
  about: string[]
  touches?: string[]
  call: { to: Hex; data: Hex }
  /** The request of what to sign; absent where nothing is signed. */
  query?: string
  path: string
  /** What the test signs by itself. */
  body: Record<string, unknown>
  /** Signs what the API says is to be signed. */
  signer?: LocalAccount
}

const SIGNED_SECONDS = 500n

const kinds = { run: 10, account: 5, open: 4 }

const salt = () => bytesToHex(crypto.getRandomValues(new Uint8Array(32)))

const queryOf = (values: Record<string, unknown>) =>
  new URLSearchParams(
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
  ).toString()

/** Draws an action: mostly by the party that may make it, often in a state in which it cannot be made. */
export async function drawAction(
  world: World,
  contracts: AccountContracts,
  random: Random,
): Promise<Drawn | undefined> {
  const kind = random.weighted(kinds)
  if (kind === 'run') return drawRunAction(world, random)
  return kind === 'open' ? drawOpenCall(world, random) : drawAccountAction(world, contracts, random)
}

async function drawRunAction(world: World, random: Random): Promise<Drawn | undefined> {
  const bounty = await pickBounty(world, random, random.chance(0.8) ? [OPEN, ...LIVE] : [])
  if (!bounty) return undefined
  const bountyId = random.chance(0.03) ? bounty.bountyId + 1_000n : bounty.bountyId
  const action = random.pick(fitting(runActionNames, (name) => actionOf(name).states, bounty, random))
  const { party } = actionOf(action)
  const isReview = hasMember(action, 'signer')
  const parties = { wallet: bounty.wallet, poster: bounty.poster, evaluator: bounty.evaluator, reviewer: bounty.poster }
  const named = parties[party] === zeroAddress ? bounty.poster : parties[party]
  // Of the other actions the API names the party itself.
  const signer = isReview && random.chance(0.2) ? random.pick(world.everyone) : accountOf(world, named)
  const by = signer ?? random.pick(world.everyone)
  const revision = revisionOf(action, bounty) + (isReview && random.chance(0.1) ? 1 : 0)
  const text = textMemberOf(action) ? 'ipfs://text' : ''
  const isRounded = hasMember(action, 'round')
  const claimant = hasMember(action, 'claimant') ? claimantOf(world, random) : undefined
  const message = {
    action,
    bountyId,
    party: by.address,
    round: isRounded ? BigInt(bounty.round) : 0n,
    revision: hasMember(action, 'revision') ? BigInt(revision) : 0n,
    text,
    ...(claimant && { naming: BigInt(bounty.namings), claimant }),
    deadline: (await world.node.getBlock()).timestamp + SIGNED_SECONDS,
  }
  const { market } = world.contracts
  const domain = { chainId: world.deployment.chainId, address: market.address }
  const signature = await by.signTypedData(runTypedData(domain, message) as never)
  const textMember = textMemberOf(action)
  return {
    action,
    about: [`run ${bountyId}`],
    touches: [`agent ${bounty.agentId}`],
    call: { to: market.address, data: runCallData(message, signature) },
    query: queryOf({
      runId: bountyId,
      ...(textMember && { [textMember]: text }),
      ...(claimant && { claimant }),
      ...(isReview && { signer: by.address, revision }),
    }),
    path: `/api/runs/${bountyId}/${action}`,
    body: { ...bodyOf(message), signature },
    signer: by,
  }
}

/** Mostly the actions that the market takes in the run's state, if there are any; sometimes all. */
function fitting<Name extends string>(
  names: readonly Name[],
  statesOf: (name: Name) => readonly string[],
  { state }: { state: number },
  random: Random,
): readonly Name[] {
  const fit = names.filter((name) => statesOf(name).includes(runStates[state - 1] ?? ''))
  return fit.length > 0 && random.chance(0.75) ? fit : names
}

/** The revision that the action's message names: an approval names the last delivery. */
const revisionOf = (action: RunActionName, { state, revisions }: { state: number; revisions: number }) =>
  action === 'approve' && state === REVISION_REQUESTED ? revisions - 1 : revisions

async function drawOpenCall(world: World, random: Random): Promise<Drawn | undefined> {
  const bounty = await pickBounty(world, random, random.chance(0.8) ? [OPEN, ...LIVE] : [])
  if (!bounty) return undefined
  const fit = fitting(openRunCallNames, (one) => openRunCalls[one].states, bounty, random)
  const name = random.chance(0.1) ? 'collect' : random.pick(fit)
  const bountyId = random.chance(0.03) ? bounty.bountyId + 1_000n : bounty.bountyId
  const payee = random.pick(world.everyone).address
  const call: OpenCall = name === 'collect' ? collectCall(payee) : openRunCall(name, bountyId)
  return {
    action: name,
    about: name === 'collect' ? [payee] : [`run ${bountyId}`],
    touches: name === 'collect' ? [] : [`agent ${bounty.agentId}`],
    call: { to: world.contracts.market.address, data: openCallData(call) },
    path: name === 'collect' ? `/api/payees/${payee}/collect` : `/api/runs/${bountyId}/${name}`,
    body: {},
  }
}

const rewards = [9_999n, 10_000n, usdc, 50n * usdc, 200n * usdc]
const stakes = [1n, 5n * usdc, 20n * usdc, 60n * usdc]

async function drawAccountAction(
  world: World,
  contracts: AccountContracts,
  random: Random,
): Promise<Drawn | undefined> {
  const { timestamp } = await world.node.getBlock()
  const until = timestamp + SIGNED_SECONDS
  const action = random.weighted({ post: 2, register: 1, stake: 2, unstake: 3 })
  if (action === 'post') {
    // Some posters have no USDC.
    const poster = random.chance(0.15) ? privateKeyToAccount(generatePrivateKey()) : random.pick(world.posters)
    const terms = {
      poster: poster.address,
      ipfsHash: 'ipfs://run',
      reward: random.pick(rewards),
      deadline: timestamp + BigInt(random.pick([-10, 3_600, 86_400, 400 * 86_400])),
      workPeriod: random.pick([0n, 3_600n, 3_601n, 86_400n]),
      stakePercent: random.pick([0n, 20n]),
      evaluator: random.chance(0.5) ? random.pick(world.posters).address : zeroAddress,
      claimant: random.chance(0.2) ? random.pick(world.everyone).address : zeroAddress,
    }
    return ofAccount(contracts, poster, accountMessage(action, { ...terms, salt: salt(), validBefore: until }))
  }
  if (action === 'register') {
    const owner = random.pick(world.owners)
    const members = { owner: owner.address, agentURI: 'ipfs://drawn', salt: salt(), deadline: until }
    return ofAccount(contracts, owner, accountMessage(action, members))
  }
  const agents = await agentCount(world)
  if (agents === 0) return undefined
  const known = BigInt(random.int(1, agents))
  const agentId = random.chance(0.05) ? known + 1_000n : known
  const { owner, wallet } = await agentParties(world, known)
  const amount = random.pick(stakes)
  if (action === 'stake') {
    const from = random.pick(world.everyone)
    const members = { agentId, from: from.address, owner, amount, salt: salt(), validBefore: until }
    return ofAccount(contracts, from, accountMessage(action, members))
  }
  const named = accountOf(world, random.chance(0.5) ? owner : wallet)
  const signer = named && random.chance(0.85) ? named : random.pick(world.everyone)
  const { staking } = world.contracts
  const nonce = await world.node.readContract({ ...staking, functionName: 'nonceOf', args: [agentId] })
  const members = { agentId, signer: signer.address, amount, nonce, deadline: until }
  return ofAccount(contracts, signer, accountMessage(action, members))
}

/** The members of a body that are numbers in JSON. */
const numbers = new Set(['deadline', 'workPeriod', 'stakePercent', 'validBefore', 'nonce'])

/** The members that the API chooses or derives, and the parameters that each message is asked for with. */
const derived: Record<AccountMessage['action'], readonly string[]> = {
  post: ['validBefore', 'salt'],
  register: ['deadline', 'salt'],
  stake: ['owner', 'validBefore', 'salt'],
  unstake: ['nonce', 'deadline'],
}

async function ofAccount(contracts: AccountContracts, signer: LocalAccount, message: AccountMessage): Promise<Drawn> {
  const { action } = message
  const signature = await signer.signTypedData(accountTypedData(contracts, message) as never)
  const members = Object.entries(membersAsText(message))
  const asked = members.filter(([member, value]) => {
    return !derived[action].includes(member) && !(member === 'evaluator' && value === zeroAddress)
  })
  const body = members.filter(([member]) => member !== 'agentId')
  const agent = 'agentId' in message.members ? `agent ${message.members.agentId}` : undefined
  const paths = { post: '/api/runs', register: '/api/agents' }
  return {
    action,
    about: agent ? [agent, message.party] : [message.party],
    call: accountCall(contracts, message, signature),
    query: queryOf(Object.fromEntries(asked)),
    path: paths[action as 'post'] ?? `/api/agents/${members.find(([member]) => member === 'agentId')?.[1]}/${action}`,
    body: {
      ...Object.fromEntries(body.map(([member, value]) => [member, numbers.has(member) ? Number(value) : value])),
      signature,
    },
    signer,
  }
}
