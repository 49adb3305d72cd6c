/**
 * A market whose chain makes blocks: the time from a block to its answer, each action beside a raw transaction, what an idle
 * market asks of the node, and how long the index takes after a reorg. Blocks come each second on a devnet, and five times a
 * second on a chain as Base is, with the settings that production has there.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { baseSepolia } from 'viem/chains'
import { deployArtifact } from '../../test/support/contracts.ts'
import { startFastChain } from '../../test/support/fastChain.ts'
import { countCalls, startRpcProxy } from '../../test/support/rpcProxy.ts'
import { waitForIndex } from '../../test/support/waitForIndex.ts'
import { keyOf, roles } from '../devnet/accounts.ts'
import { startApi } from '../devnet/api.ts'
import { startIndexer } from '../devnet/indexer.ts'
import { type Postgres, startPostgres } from '../devnet/postgres.ts'
import { actionLatencies } from './actionLatencies.ts'
import { type Life, newLives } from './actions.ts'
import { blockToAnswer } from './blockToAnswer.ts'
import { startBusyChain } from './busyChain.ts'
import type { Measurement } from './figure.ts'
import { LOGS_IN_BLOCK, putForeignLogs, writeForeignLogs } from './foreignLogs.ts'
import { amount } from './workload.ts'

const BLOCKS = amount(100, 10)

/** With blocks of a second, clients live at the same time, because each action takes a block. */
const SLOW = { blockMs: 1_000, ratioAtMost: 1.2, clients: amount(8, 4), warmUp: amount(8, 4), lives: amount(32, 8) }
const FAST = { blockMs: 200, ratioAtMost: 1.8, clients: 1, warmUp: amount(3, 1), lives: amount(18, 3) }

/** More than the minute whose blocks a reorg may remove. */
const HISTORY_SECONDS = 80

/** Long, because chance decides which bloom filters may have events. */
const IDLE_SECONDS = amount(30, 5)

const REORGS = [{ depth: 20 }, { depth: 100 }, { depth: 300, goal: { atMost: 10 } }]

const INDEX_LIMIT_MS = 60_000

export async function measure() {
  const postgres = await startPostgres()
  try {
    return {
      measurements: [...(await slowMarket(postgres)), ...(await fastMarket(postgres))],
      notes: [
        `Each block of 0.2 s has ${LOGS_IN_BLOCK} logs of another contract, so a third of the blocks may have events of the market
by their bloom filter, and the indexer asks for the logs of these. A poll is a call for each block.`,
      ],
    }
  } finally {
    await postgres.stop()
  }
}

/** Blocks on request, and then each second. */
async function slowMarket(postgres: Postgres): Promise<Measurement[]> {
  await using parts = new AsyncDisposableStack()
  const chain = await startBusyChain()
  parts.defer(chain.stop)
  const lives = { raw: await newLives(chain, SLOW.lives, true), ours: await newLives(chain, SLOW.lives, false) }
  const databaseUrl = await postgres.createDatabase()
  const indexer = await startIndexer({ ...chain, databaseUrl })
  parts.defer(indexer.stop)
  const api = await startApi({ ...chain, databaseUrl, relayerKey: keyOf(roles.relayer) })
  parts.defer(api.stop)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber(), INDEX_LIMIT_MS)
  const fromBlock = await blockToAnswer({ chain, apiUrl: api.url, databaseUrl, blocks: BLOCKS })
  await chain.client.setIntervalMining({ interval: SLOW.blockMs / 1_000 })
  return [fromBlock, ...(await actionLatencies({ ...SLOW, market: chain, apiUrl: api.url, lives }))]
}

/** Five blocks a second. */
async function fastMarket(postgres: Postgres): Promise<Measurement[]> {
  await using parts = new AsyncDisposableStack()
  const lives = { raw: [] as Life[], ours: [] as Life[] }
  const chain = await startFastChain({
    chainId: baseSepolia.id,
    history: HISTORY_SECONDS,
    awaitsMining: false,
    // Otherwise Anvil counts blocks as final after 13 seconds. A rollup's are final after minutes.
    flags: ['--slots-in-an-epoch', '1000'],
    prepareUsdc: (rpcUrl) => deployArtifact(rpcUrl, 'MockUSDC'),
    async prepare(market) {
      await putForeignLogs(market.client)
      lives.raw = await newLives(market, FAST.lives, true)
      lives.ours = await newLives(market, FAST.lives, false)
    },
    fillBlock: ({ client }) => writeForeignLogs(client),
  })
  parts.defer(chain.stop)
  await chain.start()
  const nodes = [await startRpcProxy(chain.rpcUrl), await startRpcProxy(chain.rpcUrl)] as const
  for (const node of nodes) parts.defer(node.stop)
  const [ofIndexer, ofApi] = nodes
  const databaseUrl = await postgres.createDatabase()
  const indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: ofIndexer.url })
  parts.defer(indexer.stop)
  const api = await startApi({ ...chain, databaseUrl, rpcUrl: ofApi.url, relayerKey: keyOf(roles.relayer) })
  parts.defer(api.stop)
  const latest = async () => (await chain.client.getBlock()).number
  await waitForIndex(databaseUrl, (await latest()) + 20n, INDEX_LIMIT_MS)

  console.log('An idle market')
  for (const node of nodes) node.reset()
  await sleep(1_000 * IDLE_SECONDS)
  const calls = nodes.reduce((sum, node) => sum + countCalls(node.use()), 0)
  const idle = { figure: 'calls of an idle market', unit: 'calls/s', value: calls / IDLE_SECONDS, goal: { atMost: 8 } }
  const actions = await actionLatencies({ ...FAST, market: chain, apiUrl: api.url, lives })

  const reorgs: Measurement[] = []
  // Last, because an Anvil that has replaced hundreds of blocks may lack the contracts.
  for (const { depth, goal } of REORGS) {
    await waitForIndex(databaseUrl, await latest(), INDEX_LIMIT_MS)
    const last = await chain.reorg(depth)
    const startedAt = performance.now()
    // The reorg leaves the chain as long as it was, so a later block is of the new branch.
    await waitForIndex(databaseUrl, last + 1n, INDEX_LIMIT_MS)
    const value = (performance.now() - startedAt) / 1_000
    console.log(`  a reorg of ${depth} blocks: ${value.toFixed(2)} s`)
    reorgs.push({ figure: `a reorg of ${depth} blocks, until it is indexed`, unit: 's', value, ...(goal && { goal }) })
  }
  return [idle, ...actions, ...reorgs]
}
