import { type Address, type Hex, keccak256, stringToBytes, type TypedDataDefinition, zeroAddress } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { claimTypedData } from '../../core/market/claimMessage.ts'
import { impersonate } from '../../test/support/impersonate.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { createMining } from '../../test/support/mining.ts'
import { waitForIndex } from '../../test/support/waitForIndex.ts'
import { accountOf, keyOf, roles } from '../devnet/accounts.ts'
import { startApi } from '../devnet/api.ts'
import { callOf } from '../devnet/call.ts'
import { contentId } from '../devnet/contentId.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'
import { startIndexer } from '../devnet/indexer.ts'
import type { Postgres } from '../devnet/postgres.ts'

/** How many agents a market has, and how many claim the hot run. */
export const AGENTS = 100

const REWARD = 1_000_000n

/** Posts all runs. */
const poster = accountOf(roles.treasury).address

/** A claim with its wallet's signature, ready to be sent. */
export type SignedClaim = { bountyId: bigint; agentId: bigint; wallet: Address; deadline: bigint; signature: Hex }

export type ClaimsMarket = Awaited<ReturnType<typeof startClaimsMarket>>

type Options = {
  /** How many open runs there are: 1, 2, … */
  runs: number
  /** How many APIs relay, all with one key. */
  replicas: number
  /** Milliseconds between blocks; if absent, a block for each transaction. */
  blockMs?: number | undefined
  /** Further settings of the APIs. */
  env?: Record<string, string>
}

/**
 * Starts an Anvil with open runs and agents that may claim them, an indexer and APIs, and stops them after `use`.
 * @throws with the output of a process of the market that ends before.
 */
export async function withMarket<Result>(
  postgres: Postgres,
  options: Options,
  use: (market: ClaimsMarket) => Promise<Result>,
): Promise<Result> {
  const market = await startClaimsMarket(postgres, options)
  const ends = market.parts.map(async (part): Promise<never> => {
    throw part.failure(await part.ended)
  })
  try {
    return await Promise.race([use(market), ...ends])
  } finally {
    await market.stop()
  }
}

async function startClaimsMarket(postgres: Postgres, { runs, replicas, blockMs, env }: Options) {
  await using parts = new AsyncDisposableStack()
  const chain = await startMarketOnAnvil({ awaitsMining: false })
  parts.defer(chain.stop)
  const { client, rpcUrl, deployment } = chain
  const agents = await populate(chain, runs)
  const mining = createMining(client)
  parts.defer(mining.stop)
  await (blockMs === undefined ? client.setAutomine(true) : mining.start(blockMs))
  const databaseUrl = await postgres.createDatabase()
  const connections = { ...chain, databaseUrl, chainId: deployment.chainId }
  const indexer = await startIndexer(connections)
  parts.defer(indexer.stop)
  const api = { ...connections, relayerKey: keyOf(roles.relayer), env: { TRUST_PROXY: '1', ...env } }
  const apis = await Promise.all(Array.from({ length: replicas }, () => startApi(api)))
  for (const api of apis) parts.defer(api.stop)
  await waitForIndex(databaseUrl, await client.getBlockNumber({ cacheTime: 0 }), 60_000)
  const { timestamp } = await client.getBlock()
  const domain = { chainId: deployment.chainId, address: deployment.contracts.BountyMarket }
  const kept = parts.move()
  return {
    client,
    rpcUrl,
    databaseUrl,
    agents,
    address: domain.address,
    urls: apis.map(({ url }) => url),
    parts: [postgres.part, chain.part, indexer.part, ...apis.map(({ part }) => part)],

    /** Signs the first claim of a run. @param signer Another key than the wallet's makes the claim junk. */
    async sign(bountyId: bigint, { id: agentId, wallet }: Agent, signer = wallet): Promise<SignedClaim> {
      // With automine every claim is a block, and every block advances the chain's clock by a second.
      const deadline = timestamp + 3_000n
      const terms = { reward: REWARD, stake: REWARD / 10n, workPeriod: 604_800n, evaluator: zeroAddress }
      const claim = { bountyId, agentId, wallet: wallet.address, round: 1n, ...terms }
      const signature = await signer.signTypedData(claimTypedData(domain, claim, deadline) as TypedDataDefinition)
      return { bountyId, agentId, wallet: wallet.address, deadline, signature }
    },

    /** Signs a claim of each of the first `count` runs, by the agents in turn. */
    signAll(count: number): Promise<SignedClaim[]> {
      const claims = Array.from({ length: count }, (_, place) => [BigInt(place + 1), agents[place % AGENTS]] as const)
      return Promise.all(claims.map(([bountyId, agent]) => this.sign(bountyId, agent as Agent)))
    },
    stop: () => kept.disposeAsync(),
  }
}

type Agent = { id: bigint; wallet: PrivateKeyAccount }

/** Posts runs 1 to `runs`, and registers the agents, as fast as Anvil allows. */
async function populate(chain: MarketOnAnvil, runs: number): Promise<Agent[]> {
  const { client, market } = chain
  const agents = Array.from({ length: AGENTS }, (_, index) => ({
    id: BigInt(index + 1),
    wallet: privateKeyToAccount(keccak256(stringToBytes(`agent ${index + 1}`))),
  }))
  const { addParties, mineAll } = await impersonate(chain)
  await addParties(
    [poster],
    agents.map(({ wallet }) => wallet.address),
  )
  const deadline = (await client.getBlock()).timestamp + 86_400n
  const post = callOf(poster, market, 'postBounty', [contentId('terms'), REWARD, deadline, defaultTerms])
  await mineAll(Array.from({ length: runs }, () => post))
  const posted = await market.read.bountyCount()
  if (posted !== BigInt(runs)) throw new Error(`Only ${posted} of ${runs} runs were posted`)
  return agents
}
