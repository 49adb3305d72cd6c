import { setTimeout as sleep } from 'node:timers/promises'
import { keccak256, stringToBytes } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { Postgres } from '../devnet/postgres.ts'
import { AGENTS, type ClaimsMarket, type SignedClaim, withMarket } from './claimsMarket.ts'
import { claimOnce, requestOf, WARM_UP, warmUp } from './claimsTraffic.ts'
import { type Measurement, median } from './figure.ts'
import { signRequest } from './signedRequest.ts'
import { type LoadOrder, type LoadRequest, startLoad } from './startLoad.ts'
import { amount } from './workload.ts'

/** Other traffic, beside which an honest claim is measured. */
type Traffic = {
  name: string
  order: (market: ClaimsMarket, honest: SignedClaim) => Promise<Omit<LoadOrder, 'url' | 'seconds'>>
  /** How long the traffic runs before the honest claim is sent. */
  headStartMs: number
  /** Milliseconds; if absent, Anvil mines each transaction at once. */
  blockMs?: number
  trials: number
  ratioAtMost: number
}

const LOAD_LIMIT_SECONDS = 60

const JUNK = amount(1_500, 300)
const JUNK_ADDRESSES = 50
const JUNK_CONNECTIONS = 256

const REGISTRATIONS = amount(360, 60)
const REGISTERING_ADDRESSES = 30

/** Every tenth junk claim names the honest agent and its wallet. */
const IMPERSONATION_INTERVAL = 10

/** Well-formed claims of the same run, each signed by another key than its wallet's. Anvil mines each transaction at once. */
export const besideJunk = (postgres: Postgres) =>
  measureBeside(postgres, {
    name: `${JUNK} junk claims of its run`,
    order: async (market, honest) => ({ requests: await junkOf(market, honest), connections: JUNK_CONNECTIONS }),
    // So that the API has received a junk claim from each connection before.
    headStartMs: 50,
    trials: amount(5, 2),
    ratioAtMost: 2,
  })

/** Registrations, which cost their accounts nothing, with a block each second. */
export const besideRegistrations = (postgres: Postgres) =>
  measureBeside(postgres, {
    name: `${REGISTRATIONS} free registrations`,
    order: async (market) => ({ requests: await registrationsOf(market), connections: REGISTRATIONS }),
    // So that they take all places of the block that the honest claim could be in.
    headStartMs: 1_500,
    blockMs: 1_000,
    trials: amount(3, 1),
    ratioAtMost: 3,
  })

/** An honest claim alone, and then beside the traffic, in turn. */
function measureBeside(postgres: Postgres, traffic: Traffic): Promise<Measurement> {
  const { name, order, headStartMs, blockMs, trials, ratioAtMost } = traffic
  const runs = WARM_UP + 3 * trials
  return withMarket(postgres, { runs, replicas: 1, blockMs }, async (market) => {
    const claims = await market.signAll(runs)
    await warmUp(market, claims)
    const alone: number[] = []
    const beside: number[] = []
    for (let trial = 1; trial <= trials; trial++) {
      const [ahead, control, honest] = claims.splice(0, 3)
      if (!honest) throw new Error('The market has too few runs')
      const load = { ...(await order(market, honest)), url: market.urls[0] ?? '', seconds: LOAD_LIMIT_SECONDS }
      using started = await startLoad(load)
      // It follows the answer to another one, so that all start at the same point of the block and polling intervals.
      await claimOnce(market, ahead)
      alone.push(await claimOnce(market, control))
      started.begin()
      await sleep(headStartMs)
      beside.push(await claimOnce(market, honest))
      const { statuses } = await started.ended
      const milliseconds = `${beside.at(-1)?.toFixed(0)} ms, alone ${alone.at(-1)?.toFixed(0)} ms`
      console.log(`  beside ${name}, trial ${trial} of ${trials}: ${milliseconds}; their answers: ${statuses}`)
    }
    return {
      figure: `a claim beside ${name}`,
      unit: 'ms',
      value: median(beside),
      baseline: median(alone),
      goal: { ratioAtMost },
    }
  })
}

const fromAddress = (place: number, addresses: number) => ({
  'X-Forwarded-For': `203.0.113.${(place % addresses) + 1}`,
})

/** They name the market's agents with their wallets, then with wallets of strangers, and every tenth the honest agent. */
function junkOf(market: ClaimsMarket, { bountyId, agentId }: SignedClaim): Promise<LoadRequest[]> {
  const stranger = (place: number) => privateKeyToAccount(keccak256(stringToBytes(`stranger ${place % JUNK}`)))
  const request = async (place: number) => {
    const named = place % IMPERSONATION_INTERVAL === 0 ? Number(agentId) - 1 : place % AGENTS
    const agent = market.agents[named]
    if (!agent) throw new Error(`The market has no agent ${named + 1}`)
    const hasOwnWallet = agent.id === agentId || place < AGENTS
    const wallet = hasOwnWallet ? agent.wallet : stranger(place + 1)
    const posted = requestOf(await market.sign(bountyId, { id: agent.id, wallet }, stranger(place)))
    return { ...posted, headers: { ...posted.headers, ...fromAddress(place, JUNK_ADDRESSES) } }
  }
  return Promise.all(Array.from({ length: JUNK }, (_, place) => request(place)))
}

/** By fresh keys, without ether or USDC. */
async function registrationsOf({ urls: [url = ''] }: ClaimsMarket): Promise<LoadRequest[]> {
  const requests: LoadRequest[] = []
  for (let place = 0; place < REGISTRATIONS; place++) {
    const owner = privateKeyToAccount(generatePrivateKey())
    const signed = await signRequest(url, 'register', owner, { owner: owner.address, agentURI: 'ipfs://agent' })
    requests.push({ ...signed, headers: { ...signed.headers, ...fromAddress(place, REGISTERING_ADDRESSES) } })
  }
  return requests
}
