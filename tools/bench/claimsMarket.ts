import { type Address, type Hex, keccak256, stringToBytes, type TypedDataDefinition, zeroAddress } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { claimTypedData } from '../../core/market/claimMessage.ts'
import { impersonate } from '../../test/support/impersonate.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { waitForIndex } from '../../test/support/waitForIndex.ts'
import { accountOf, keyOf, roles } from '../devnet/accounts.ts'
import { startApi } from '../devnet/api.ts'
import { callOf } from '../devnet/call.ts'
import { contentId } from '../devnet/contentId.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'
import { startIndexer } from '../devnet/indexer.ts'
import type { Postgres } from '../devnet/postgres.ts'

const usdc = 1_000_000n
const reward = 1n * usdc

/** Posts all runs. */
const poster = accountOf(roles.treasury).address

/** How blocks are mined during the measurement. */
export type Mining = 'automine' | '1 s blocks'

/** A claim with its wallet's signature, ready to be sent. */
export type SignedClaim = { bountyId: bigint; agentId: bigint; wallet: Address; deadline: bigint; signature: Hex }

export type ClaimsMarket = Awaited<ReturnType<typeof startClaimsMarket>>

/** Starts a market, and stops it after `use`. @throws with the output of a process of the market that ends before. */
export async function withMarket(postgres: Postgres, options: Options, use: (market: ClaimsMarket) => Promise<void>) {
  const market = await startClaimsMarket(postgres, options)
  const ends = market.parts.map(async (part) => {
    throw part.failure(await part.ended)
  })
  try {
    await Promise.race([use(market), ...ends])
  } finally {
    await market.stop()
  }
}

type Options = {
  mining: Mining
  runs: number
  agents: number
  /** How many APIs relay, all with one key. */
  replicas: number
  /** Additional environment variables of the APIs. */
  env?: Record<string, string>
  /** Replaces the APIs' node and database URLs, for instance by those of counting proxies. */
  between?: (direct: Backends) => Promise<Backends>
}

type Backends = { rpcUrl: string; databaseUrl: string }

/** Starts an Anvil with open runs and agents that may claim them, an indexer and APIs. */
async function startClaimsMarket(postgres: Postgres, options: Options) {
  const { mining, runs, agents, replicas, env = {}, between = async (direct) => direct } = options
  await using parts = new AsyncDisposableStack()
  const chain = await startMarketOnAnvil({ awaitsMining: false })
  parts.defer(chain.stop)
  const { client, rpcUrl, deployment, deploymentsDirectory } = chain
  const populated = await populate(chain, { runs, agents })
  await (mining === 'automine' ? client.setAutomine(true) : client.setIntervalMining({ interval: 1 }))

  const databaseUrl = await postgres.createDatabase()
  const connections = { databaseUrl, rpcUrl, deploymentsDirectory, chainId: deployment.chainId }
  const indexer = await startIndexer(connections)
  parts.defer(indexer.stop)
  const backends = await between({ rpcUrl, databaseUrl })
  const start = { ...connections, ...backends, relayerKey: keyOf(roles.relayer), env: { LOG_LEVEL: 'info', ...env } }
  const apis = await Promise.all(Array.from({ length: replicas }, () => startApi(start)))
  for (const api of apis) parts.defer(api.stop)
  await waitForIndex(databaseUrl, await client.getBlockNumber({ cacheTime: 0 }), 60_000)
  const { timestamp } = await client.getBlock()
  const domain = { chainId: deployment.chainId, address: deployment.contracts.BountyMarket }
  const kept = parts.move()
  return {
    client,
    rpcUrl,
    databaseUrl,
    address: domain.address,
    urls: apis.map(({ url }) => url),
    agents: populated,
    parts: [postgres.part, chain.part, indexer.part, ...apis.map(({ part }) => part)],
    /** Process ids for a CPU meter. */
    pids: {
      PostgreSQL: postgres.part.pid,
      Anvil: chain.part.pid,
      indexer: indexer.part.pid,
      ...Object.fromEntries(apis.map(({ part }, place) => [place === 0 ? 'API' : `API ${place + 1}`, part.pid])),
    },

    /** Signs the first claim of a run. @param signer Another key than the wallet's makes the claim junk. */
    async sign(bountyId: bigint, { id: agentId, wallet }: Agent, signer = wallet): Promise<SignedClaim> {
      // With automine every claim is a block, and every block advances the chain's clock by a second.
      const deadline = timestamp + 3_000n
      const terms = { reward, stake: reward / 10n, workPeriod: 604_800n, evaluator: zeroAddress }
      const claim = { bountyId, agentId, wallet: wallet.address, round: 1n, ...terms }
      const signature = await signer.signTypedData(claimTypedData(domain, claim, deadline) as TypedDataDefinition)
      return { bountyId, agentId, wallet: wallet.address, deadline, signature }
    },
    stop: () => kept.disposeAsync(),
  }
}

/** Signs a claim of each of the first `count` runs, by the agents in turn. */
export function signAll({ agents, sign }: ClaimsMarket, count: number): Promise<SignedClaim[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => {
      const agent = agents[index % agents.length]
      if (!agent) throw new Error('The market has no agents')
      return sign(BigInt(index + 1), agent)
    }),
  )
}

type Agent = { id: bigint; wallet: PrivateKeyAccount }

/** Posts runs 1 to `runs`, and registers agents 1 to `agents`, as fast as Anvil allows. */
async function populate(chain: MarketOnAnvil, { runs, agents }: { runs: number; agents: number }): Promise<Agent[]> {
  const { client, market } = chain
  const populated = Array.from({ length: agents }, (_, index) => ({
    id: BigInt(index + 1),
    wallet: privateKeyToAccount(keccak256(stringToBytes(`agent ${index + 1}`))),
  }))
  const { addParties, mineAll } = await impersonate(chain)
  const addresses = populated.map(({ wallet }) => wallet.address)
  await addParties([poster], addresses)
  const deadline = (await client.getBlock()).timestamp + 86_400n
  const post = callOf(poster, market, 'postBounty', [contentId('terms'), reward, deadline, defaultTerms])
  await mineAll(Array.from({ length: runs }, () => post))
  const posted = await market.read.bountyCount()
  if (posted !== BigInt(runs)) throw new Error(`Only ${posted} of ${runs} runs were posted`)
  return populated
}
