import { keccak256, stringToBytes } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { ClaimsMarket } from './claimsMarket.ts'
import { requestOf } from './claimsTraffic.ts'
import type { LoadRequest } from './startLoad.ts'

/** The junk claims of a load. */
export type Junk = {
  count: number
  /** How many client addresses send them, by the header of a trusted proxy. */
  addresses: number
  connections: number
  /** The wallets are contracts that use up all their gas. */
  burnsGas?: boolean
}

/** Every tenth junk claim names the honest agent and its wallet. */
const IMPERSONATION_INTERVAL = 10

/** JUMPDEST, PUSH1 0, JUMP: an endless loop. */
const endlessLoop = '0x5b600056'

/** Keys of no agent. They are cached for all trials, because deriving a thousand takes a second. */
const strangers = new Map<number, ReturnType<typeof accountNamed>>()

/**
 * Well-formed claims of one run, all different, each with a valid ECDSA signature of the right message by a wrong key.
 * They name the market's agents with their wallets, then with wallets of strangers, and every tenth the honest agent.
 */
export async function junkRequests(
  market: ClaimsMarket,
  { count, addresses, burnsGas = false }: Omit<Junk, 'connections'>,
  bountyId: bigint,
  honestAgentId: bigint,
): Promise<LoadRequest[]> {
  const { agents, client } = market
  const honest = agents.find(({ id }) => id === honestAgentId)

  async function request(place: number): Promise<LoadRequest> {
    const agent = place % IMPERSONATION_INTERVAL === 0 && !burnsGas ? honest : agents[place % agents.length]
    if (!agent) throw new Error(`The market has no agent for junk claim ${place} of run ${bountyId}`)
    const isOwnWallet = agent === honest || place < agents.length
    const wallet = burnsGas ? await burner(place) : isOwnWallet ? agent.wallet : stranger((place + 1) % count)
    const { headers, ...posted } = requestOf(await market.sign(bountyId, { id: agent.id, wallet }, stranger(place)))
    return { ...posted, headers: { ...headers, 'X-Forwarded-For': `203.0.113.${(place % addresses) + 1}` } }
  }

  /** A wallet that no claim has named before. */
  async function burner(place: number) {
    const wallet = accountNamed(`burner ${place} of run ${bountyId}`)
    await client.setCode({ address: wallet.address, bytecode: endlessLoop })
    return wallet
  }

  return Promise.all(Array.from({ length: count }, (_, place) => request(place)))
}

function stranger(place: number) {
  const known = strangers.get(place) ?? accountNamed(`stranger ${place}`)
  strangers.set(place, known)
  return known
}

const accountNamed = (name: string) => privateKeyToAccount(keccak256(stringToBytes(name)))
