import { bytesToHex, type Hex, stringToHex, zeroAddress } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import {
  type AccountActionName,
  type AccountMessage,
  accountMessage,
  accountTypedData,
  membersAsText,
} from '../../core/market/accountActions.ts'
import type { Json } from './api.ts'
import { accountOf, agentCount, agentParties, claimantOf } from './parties.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** How long a signature is valid, in chain time: less than the clock's jumps, so that some expire unmined. */
const VALIDITY_SECONDS = 500n

/** The domain of the devnet's USDC. */
const usdcDomain = { name: 'USD Coin', version: '2' }

const stakes = [1n, 20_000_000n, 60_000_000n]

const weights: Record<AccountActionName, number> = { post: 8, register: 2, stake: 4, unstake: 2 }

type Unsigned = { signer: PrivateKeyAccount; message: AccountMessage }

/** A request that an account signed. */
export type SignedRequest = {
  name: string
  path: string
  body: Json
  /** What is in the input of its transaction, and of no other one. */
  mark: Hex
}

/** A random account posts a run, registers an agent, or adds or takes out stake; undefined where there is no agent. */
export async function signAccountRequest(world: World, random: Random): Promise<SignedRequest | undefined> {
  const until = (await world.node.getBlock()).timestamp + VALIDITY_SECONDS
  const unsigned = await draw[random.weighted(weights)](world, random, until)
  if (!unsigned) return undefined
  const { signer, message } = unsigned
  const signature = await signer.signTypedData(accountTypedData({ ...world.deployment, usdcDomain }, message) as never)
  const { agentId, ...body } = membersAsText(message)
  return {
    name: message.action,
    path: pathOf(message),
    body: { ...body, signature },
    // A registry does not see the signature, and each URI here is another one.
    mark: message.action === 'register' ? stringToHex(message.members.agentURI) : signature,
  }
}

function pathOf(message: AccountMessage): string {
  if (message.action === 'post') return '/api/runs'
  if (message.action === 'register') return '/api/agents'
  return `/api/agents/${message.members.agentId}/${message.action}`
}

const draw: Record<
  AccountActionName,
  (world: World, random: Random, until: bigint) => Unsigned | undefined | Promise<Unsigned | undefined>
> = { post, register, stake, unstake }

function post(world: World, random: Random, until: bigint): Unsigned {
  const signer = random.pick(world.posters)
  const message = accountMessage('post', {
    poster: signer.address,
    ipfsHash: `ipfs://relayed${random.int(0, 2 ** 30)}`,
    reward: random.pick([50_000_000n, 200_000_000n]),
    deadline: until - VALIDITY_SECONDS + BigInt(random.pick([3_600, 20 * 86_400, 50 * 86_400])),
    workPeriod: 0n,
    stakePercent: 0n,
    evaluator: random.chance(0.3) ? random.pick(world.posters).address : zeroAddress,
    claimant: random.chance(0.2) ? claimantOf(world, random) : zeroAddress,
    salt: saltOf(random),
    validBefore: until,
  })
  return { signer, message }
}

function register(world: World, random: Random, deadline: bigint): Unsigned {
  const signer = random.pick(world.owners)
  const agentURI = `ipfs://relayedAgent${random.int(0, 2 ** 30)}-${random.int(0, 2 ** 30)}`
  const message = accountMessage('register', { owner: signer.address, agentURI, salt: saltOf(random), deadline })
  return { signer, message }
}

async function stake(world: World, random: Random, validBefore: bigint): Promise<Unsigned | undefined> {
  const agent = await pickAgent(world, random)
  if (!agent) return undefined
  const signer = random.pick(world.everyone)
  const owner = random.chance(0.9) ? agent.owner : random.pick(world.owners).address
  const amount = random.pick(stakes)
  const { agentId } = agent
  const members = { agentId, from: signer.address, owner, amount, salt: saltOf(random), validBefore }
  return { signer, message: accountMessage('stake', members) }
}

async function unstake(world: World, random: Random, deadline: bigint): Promise<Unsigned | undefined> {
  const agent = await pickAgent(world, random)
  const signer = agent && accountOf(world, random.chance(0.5) ? agent.owner : agent.wallet)
  if (!signer) return undefined
  const { agentId } = agent
  const nonce = await world.node.readContract({
    ...world.contracts.staking,
    functionName: 'nonceOf',
    args: [agentId],
  })
  const members = { agentId, signer: signer.address, amount: random.pick(stakes), nonce, deadline }
  return { signer, message: accountMessage('unstake', members) }
}

async function pickAgent(world: World, random: Random) {
  const agents = await agentCount(world)
  if (agents === 0) return undefined
  const agentId = BigInt(random.int(1, agents))
  return { agentId, ...(await agentParties(world, agentId)) }
}

const saltOf = (random: Random): Hex => bytesToHex(Uint8Array.from({ length: 32 }, () => random.int(0, 255)))
