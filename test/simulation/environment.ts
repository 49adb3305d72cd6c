import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import { keccak256, parseEther, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { baseSepolia, foundry } from 'viem/chains'
import { withConnection } from '../../core/database/withConnection.ts'
import { servedBuild } from '../../ops/builds/views.ts'
import { writeDeployment } from '../../ops/writeDeployment.ts'
import { createAnvilClient } from '../../tools/devnet/anvilClient.ts'
import { startApi } from '../../tools/devnet/api.ts'
import { startIndexer } from '../../tools/devnet/indexer.ts'
import { startPostgres } from '../../tools/devnet/postgres.ts'
import { deployArtifact } from '../support/contracts.ts'
import { startMarketOnAnvil } from '../support/marketOnAnvil.ts'
import { mineHistory } from '../support/mineHistory.ts'
import { startRpcProxy } from '../support/rpcProxy.ts'
import { supervise } from '../support/supervise.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'
import { act } from './activity.ts'
import { drawFaults } from './faults/drawFaults.ts'
import { createRandom, seedOf } from './random.ts'
import { settled } from './settled.ts'
import { Tally } from './tally.ts'
import { createWitness } from './witness.ts'
import { createWorld, type World } from './world.ts'

/** Blocks mined before the faults, so that no reorg (at most 25 deep) reaches the setup. */
const PADDING = 40

/** The seconds of blocks before the faults on a chain with a block time, so that the indexer measures this time. */
const HISTORY_SECONDS = 120

/** Steps before the faults start: otherwise early reorgs leave no agent with a stake to claim with. */
const STEPS_BEFORE = 120

/** How long a new build may take until readers see it, and how often that is looked at. */
const REDEPLOY_MS = 120_000
const REDEPLOY_POLL_MS = 200
const CONNECTION_MS = 2_000

const RELAYER_KEY = keccak256(toHex('relayer of the simulation'))

type Options = {
  seed: number
  faultProbability: number
  /** Milliseconds between blocks, by the settings of a rollup; if undefined, a block for each transaction on a devnet. */
  blockTimeMs: number | undefined
}

/** Blocks before the market. Each new build starts one block earlier than the build before, so this bounds their number. */
const BLOCKS_BEFORE_MARKET = 100

/** Mines the blocks before the market, and deploys its token. */
async function prepareUsdc(rpcUrl: string) {
  await createAnvilClient(rpcUrl).mine({ blocks: BLOCKS_BEFORE_MARKET })
  return deployArtifact(rpcUrl, 'MockUSDC')
}

/** Mines the blocks of a time after the latest block. */
async function mineTime({ node }: World, blockTimeMs: number) {
  const until = Number((await node.getBlock()).timestamp) + HISTORY_SECONDS + 1
  await mineHistory(node, { seconds: HISTORY_SECONDS, blockTime: blockTimeMs / 1_000, until })
}

export type Environment = Awaited<ReturnType<typeof startEnvironment>>

/** Some 60 blocks, twice the deepest reorg: with a minute of them, a restart would replay half of the simulation. */
const REORG_WINDOW_SECONDS = '5'

/**
 * A market in which every part may fail: chain, PostgreSQL server, API, an indexer that reaches the chain through a
 * faulty network, and a witness of the chain. It starts without faults and with the index at the chain's latest block.
 */
export async function startEnvironment({ seed, faultProbability, blockTimeMs }: Options) {
  await using parts = new AsyncDisposableStack()
  // Keeps the states of all blocks in memory: by default Anvil writes older states to disk, and after about forty
  // seconds of reorgs the contracts were missing at the latest block.
  const flags = ['--prune-history', '100000']
  const chainId = blockTimeMs === undefined ? foundry.id : baseSepolia.id
  const chain = await startMarketOnAnvil({ flags, awaitsMining: false, prepareUsdc, chainId })
  parts.defer(chain.stop)
  const postgres = await startPostgres()
  parts.defer(postgres.stop)
  const databaseUrl = await postgres.createDatabase('simulated')

  const world = await createWorld(chain, { salt: 'simulation', posters: 4, agents: 8 })
  // The API takes the later of chain time and this machine's time as now: keep chain time the later.
  await world.node.increaseTime({ seconds: 86_400 })
  await world.node.mine({ blocks: 1 })
  const random = createRandom(seedOf(seed, 'before'))
  for (let step = 0; step < STEPS_BEFORE; step++) await act(world, random)
  const witness = await createWitness(world)

  const relayer = privateKeyToAccount(RELAYER_KEY)
  await world.node.setBalance({ address: relayer.address, value: parseEther('100') })
  if (blockTimeMs === undefined) await world.node.mine({ blocks: PADDING })
  else await mineTime(world, blockTimeMs)
  await witness.catchUp()

  let areFaultsOn = false
  const endpointCount = createRandom(seedOf(seed, 'endpoints')).int(1, 2)
  /** One endpoint or two, each with faults of its own. */
  async function startFaultyNetwork(purpose: string) {
    const proxies = []
    for (let place = 0; place < endpointCount; place++) {
      const draw = drawFaults({ seed: seedOf(seed, `${purpose} ${place}`), probability: faultProbability })
      const proxy = await startRpcProxy(chain.rpcUrl, (call) => (areFaultsOn ? draw(call) : undefined))
      parts.defer(proxy.stop)
      proxies.push(proxy)
    }
    return { rpcUrl: proxies.map(({ url }) => url).join(), counts: proxies.map(({ counts }) => counts) }
  }
  const indexerNetwork = await startFaultyNetwork('faults')
  const apiNetwork = await startFaultyNetwork('faults of the relay')

  const ends = new Tally()
  const market = { ...chain, databaseUrl }
  const settings = { rpcUrl: indexerNetwork.rpcUrl, env: { REORG_WINDOW_SECONDS }, redeploy: true }
  const superviseIndexer = (deploymentsDirectory: string) =>
    supervise(() => startIndexer({ ...market, ...settings, deploymentsDirectory }), {
      onEnd: (how) => ends.add(`indexer ${how}`),
    })
  const indexer = superviseIndexer(chain.deploymentsDirectory)
  parts.defer(indexer.stop)
  const apiPort = await getPort()
  const api = supervise(
    () => startApi({ ...market, rpcUrl: apiNetwork.rpcUrl, port: apiPort, relayerKey: RELAYER_KEY }),
    { onEnd: (how) => ends.add(`API ${how}`) },
  )
  parts.defer(api.stop)
  await Promise.all([indexer.untilReady(), api.untilReady()])
  await settled(databaseUrl, world, { milliseconds: 60_000, chainMoves: false })

  let redeployments = 0
  let isRedeploying = false

  /** Starts an indexer of another build, and stops the one before once readers see the new build. */
  async function redeploy() {
    const served = () =>
      withConnection({ connectionString: databaseUrl }, CONNECTION_MS, (client) => servedBuild(client, 'runline'))
    const { path, remove } = await temporaryDirectory()
    kept.defer(remove)
    // Another build with the same rows: it starts at an earlier block.
    redeployments++
    writeDeployment({ ...chain.deployment, startBlock: chain.deployment.startBlock - redeployments }, path)
    const before = await served()
    const next = superviseIndexer(path)
    kept.defer(next.stop)
    for (const limit = performance.now() + REDEPLOY_MS; ; await sleep(REDEPLOY_POLL_MS)) {
      // The database may have faults at the same time.
      const now = await served().catch(() => undefined)
      if (now !== undefined && now !== before) break
      if (performance.now() > limit) {
        const ended = next.ends.map(({ how, output }) => `It ${how}:\n${output}\n`)
        throw new Error(`Readers do not see the new build.\n${ended.join('')}${next.output()}`)
      }
      // Ponder repeats a failed request for a block only after a newer block.
      if (!areFaultsOn) await world.node.mine({ blocks: 1 })
    }
    await environment.indexer.stop()
    environment.indexer = next
  }

  const kept = parts.move()
  const environment = {
    world,
    witness,
    /** Of the build that readers see. */
    indexer,
    api: { ...api, url: `http://127.0.0.1:${apiPort}` },
    databaseUrl,
    /** Without faults. */
    rpcUrl: chain.rpcUrl,
    deploymentsDirectory: chain.deploymentsDirectory,
    /** How indexer and API ended, requested or not. */
    ends,
    /** Faults between node and indexer, and between node and API, counted by kind. */
    faults: [...indexerNetwork.counts, ...apiNetwork.counts],
    /** Pays for the relayed claims. It has no relayer role, so agents must sign. */
    relayer: relayer.address,
    setFaults(areOn: boolean) {
      areFaultsOn = areOn
    },
    /** Resolves once readers see the new build. @returns false if another one is being deployed. */
    async redeploy() {
      if (isRedeploying) return false
      isRedeploying = true
      await redeploy().finally(() => {
        isRedeploying = false
      })
      return true
    },
    stop: () => kept.disposeAsync(),
  }
  return environment
}
