import getPort from 'get-port'
import { keccak256, parseEther, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { baseSepolia } from 'viem/chains'
import { deployArtifact } from '../../test/support/contracts.ts'
import { startMarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { mineHistory } from '../../test/support/mineHistory.ts'
import { startRpcProxy } from '../../test/support/rpcProxy.ts'
import { supervise } from '../../test/support/supervise.ts'
import { startApi } from '../devnet/api.ts'
import { startIndexer } from '../devnet/indexer.ts'
import { startPostgres } from '../devnet/postgres.ts'
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

const RELAYER_KEY = keccak256(toHex('relayer of the simulation'))

type Options = {
  seed: number
  faultProbability: number
  /** Milliseconds between blocks, by the settings of a rollup; if undefined, a block for each transaction on a devnet. */
  blockTimeMs: number | undefined
}

const rollup = { chainId: baseSepolia.id, prepareUsdc: (rpcUrl: string) => deployArtifact(rpcUrl, 'MockUSDC') }

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
  const chain = await startMarketOnAnvil({ flags, awaitsMining: false, ...(blockTimeMs !== undefined && rollup) })
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
  const [indexerPort, apiPort] = await Promise.all([getPort(), getPort()])
  const indexer = supervise(
    () => startIndexer({ ...market, rpcUrl: indexerNetwork.rpcUrl, port: indexerPort, env: { REORG_WINDOW_SECONDS } }),
    { onEnd: (how) => ends.add(`indexer ${how}`) },
  )
  parts.defer(indexer.stop)
  const api = supervise(
    () => startApi({ ...market, rpcUrl: apiNetwork.rpcUrl, port: apiPort, relayerKey: RELAYER_KEY }),
    { onEnd: (how) => ends.add(`API ${how}`) },
  )
  parts.defer(api.stop)
  await Promise.all([indexer.untilReady(), api.untilReady()])
  await settled(databaseUrl, world, { milliseconds: 60_000, chainMoves: false })

  const kept = parts.move()
  return {
    world,
    witness,
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
    stop: () => kept.disposeAsync(),
  }
}
