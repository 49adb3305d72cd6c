import { type Address, parseEther } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { impersonate } from '../../test/support/impersonate.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { waitForIndex } from '../../test/support/waitForIndex.ts'
import { accountOf, keyOf, roles } from '../devnet/accounts.ts'
import { startApi } from '../devnet/api.ts'
import { callOf } from '../devnet/call.ts'
import { startIndexer } from '../devnet/indexer.ts'
import type { Postgres } from '../devnet/postgres.ts'

const usdc = 1_000_000n

/** What a life costs its two accounts: the least stake of an agent, and a reward with its fee. */
export const stake = 20n * usdc
export const reward = 10n * usdc

const BALANCE = 100n * usdc

/** The two accounts of a life: one posts a run, the other does its work. */
export type Life = { poster: PrivateKeyAccount; worker: PrivateKeyAccount }

export type LivesMarket = Awaited<ReturnType<typeof startLivesMarket>>

/**
 * Starts a market with blocks of a second, its indexer, and an API if the lives go through it.
 * @param lives how many lives there are accounts for, all with USDC. Only those that send transactions have ether, and have
 * approved what they pay.
 */
export async function startLivesMarket(postgres: Postgres, { lives, clients, byApi }: Options) {
  await using parts = new AsyncDisposableStack()
  const chain = await startMarketOnAnvil({ awaitsMining: false })
  parts.defer(chain.stop)
  const { client, rpcUrl, deployment, deploymentsDirectory } = chain
  const newAccount = () => privateKeyToAccount(generatePrivateKey())
  const accounts = Array.from({ length: lives }, (): Life => ({ poster: newAccount(), worker: newAccount() }))
  await endow(chain, accounts, byApi)
  await client.setIntervalMining({ interval: 1 })
  const databaseUrl = await postgres.createDatabase()
  const connections = { databaseUrl, rpcUrl, deploymentsDirectory, chainId: deployment.chainId }
  const indexer = await startIndexer(connections)
  parts.defer(indexer.stop)
  // Each client has a transaction in each block.
  const env = { LOG_LEVEL: 'info', MAX_UNMINED: String(2 * clients), DAILY_GAS_BUDGET: '1000' }
  const api = byApi ? await startApi({ ...connections, relayerKey: keyOf(roles.relayer), env }) : undefined
  if (api) parts.defer(api.stop)
  await waitForIndex(databaseUrl, await client.getBlockNumber({ cacheTime: 0 }), 60_000)
  const kept = parts.move()
  return {
    ...chain,
    databaseUrl,
    accounts,
    url: api?.url ?? '',
    /** Process ids for a CPU meter. */
    pids: {
      PostgreSQL: postgres.part.pid,
      Anvil: chain.part.pid,
      indexer: indexer.part.pid,
      ...(api && { API: api.part.pid }),
    },
    stop: () => kept.disposeAsync(),
  }
}

type Options = { lives: number; clients: number; byApi: boolean }

async function endow(chain: MarketOnAnvil, lives: readonly Life[], byApi: boolean) {
  const { client, usdc: token, market, staking } = chain
  const { mineAll } = await impersonate(chain)
  const minter = accountOf(roles.treasury).address
  const endowed = lives.flatMap(({ poster, worker }): [Address, Address][] => [
    [poster.address, market.address],
    [worker.address, staking.address],
  ])
  await mineAll(endowed.map(([account]) => callOf(minter, token, 'mint', [account, BALANCE])))
  if (byApi) return
  for (const [address] of endowed) await client.setBalance({ address, value: parseEther('1') })
  await mineAll(endowed.map(([account, spender]) => callOf(account, token, 'approve', [spender, BALANCE])))
}

/** The gas of all blocks from one to another, and how many transactions they have. */
export async function gasBetween({ client }: LivesMarket, first: bigint, last: bigint) {
  let gas = 0n
  let transactions = 0
  for (let blockNumber = first; blockNumber <= last; blockNumber++) {
    const block = await client.getBlock({ blockNumber })
    gas += block.gasUsed
    transactions += block.transactions.length
  }
  return { gas: Number(gas), transactions }
}
