import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import getPort from 'get-port'
import { keccak256, parseEther, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { accountOf, roles } from '../devnet/accounts.ts'
import { startApi } from '../devnet/api.ts'
import { startChain } from '../devnet/chain.ts'
import { startIndexer } from '../devnet/indexer.ts'
import { startPostgres } from '../devnet/postgres.ts'
import { registerCleanup } from '../devnet/registerCleanup.ts'
import { act } from './activity.ts'
import { drawFaults } from './faults/drawFaults.ts'
import { createDroppedBlocks } from './faults/droppedBlocks.ts'
import { type ChooseFault, startRpcProxy } from './faults/rpcProxy.ts'
import { keepRunning } from './keepRunning.ts'
import { createRandom, seedOf } from './random.ts'
import { settled } from './settled.ts'
import { Tally } from './tally.ts'
import { createWitness } from './witness.ts'
import { createWorld } from './world.ts'

/** Blocks that no reorg may reach lie behind these: the deepest takes 25 away. */
const PADDING = 40

/** What parties do before anything fails: else reorgs, at first, leave no agent a stake to claim with. */
const STEPS_BEFORE = 120

const RELAYER_KEY = keccak256(toHex('relayer of the simulation'))

export type Stand = Awaited<ReturnType<typeof startStand>>

/**
 * A market of its own in which everything may fail: chain, PostgreSQL server, API, an indexer that sees the chain through
 * a faulty network, and a witness of the chain. All are in order, and the index at the chain's latest block.
 */
export async function startStand(options: { seed: number; faultProbability: number }) {
  await using parts = new AsyncDisposableStack()
  const deploymentsDirectory = await mkdtemp(join(tmpdir(), 'runline-simulation-'))
  registerCleanup({ directory: deploymentsDirectory })
  parts.defer(() => rm(deploymentsDirectory, { recursive: true }))
  // The states of all blocks stay in memory: by default Anvil puts those before the last hundreds on the disk, and after
  // some forty seconds of reorgs there was no market at the latest block.
  const chain = await startChain({ deploymentsDirectory, flags: ['--prune-history', '100000'] })
  parts.defer(chain.stop)
  const postgres = await startPostgres()
  parts.defer(postgres.stop)
  const databaseUrl = await postgres.createDatabase('simulated')

  const world = await createWorld({
    ...{ rpcUrl: chain.rpcUrl, deployment: chain.deployment, salt: 'simulation', posters: 4, agents: 8 },
    ...{ relayer: accountOf(roles.relayer), owner: accountOf(roles.owner) },
  })
  // The API takes the later of the chain's time and the clock's for now: keep the chain's the later.
  await world.node.increaseTime({ seconds: 86_400 })
  await world.node.mine({ blocks: 1 })
  const random = createRandom(seedOf(options.seed, 'before'))
  for (let step = 0; step < STEPS_BEFORE; step++) await act(world, random)
  const witness = await createWitness(world)

  const relayer = privateKeyToAccount(RELAYER_KEY)
  await world.node.setBalance({ address: relayer.address, value: parseEther('100') })
  await world.node.mine({ blocks: PADDING })
  await witness.catchUp()

  const droppedBlocks = createDroppedBlocks(world)
  let areFaultsOn = false
  async function startFaultyNetwork(purpose: string) {
    const draw = drawFaults({ seed: seedOf(options.seed, purpose), probability: options.faultProbability })
    const choose: ChooseFault = (call) => (areFaultsOn ? draw(call) : undefined) ?? droppedBlocks.recall(call)
    const proxy = await startRpcProxy(chain.rpcUrl, choose)
    parts.defer(proxy.stop)
    return proxy
  }
  const indexerProxy = await startFaultyNetwork('faults')
  const apiProxy = await startFaultyNetwork('faults of the relay')

  const ends = new Tally()
  const market = { databaseUrl, chainId: chain.deployment.chainId, deploymentsDirectory }
  const [indexerPort, apiPort] = await Promise.all([getPort(), getPort()])
  const indexer = keepRunning(
    () => startIndexer({ ...market, rpcUrl: indexerProxy.url, port: indexerPort }),
    (how) => ends.add(`indexer ${how}`),
  )
  parts.defer(indexer.stop)
  const api = keepRunning(
    () => startApi({ ...market, rpcUrl: apiProxy.url, port: apiPort, relayerKey: RELAYER_KEY }),
    (how) => ends.add(`API ${how}`),
  )
  parts.defer(api.stop)
  await Promise.all([indexer.up, api.up])
  await settled(databaseUrl, world, { milliseconds: 60_000, chainMoves: false })

  const kept = parts.move()
  return {
    world,
    witness,
    droppedBlocks,
    indexer,
    api: { ...api, url: `http://127.0.0.1:${apiPort}` },
    databaseUrl,
    /** How indexer and API ended, asked or not. */
    ends,
    /** By kind: what the network did to the indexer, and to the API. */
    faults: [indexerProxy.counts, apiProxy.counts],
    /** Pays for the claims that the API relays, and has no role: agents sign. */
    relayer: relayer.address,
    setFaults(areOn: boolean) {
      areFaultsOn = areOn
    },
    /** An indexer on an empty database that sees the chain as it is, and its API. */
    async startFreshMarket() {
      await using parts = new AsyncDisposableStack()
      const fresh = { ...market, databaseUrl: await postgres.createDatabase('fresh'), rpcUrl: chain.rpcUrl }
      parts.defer((await startIndexer(fresh)).stop)
      const { url, stop } = await startApi(fresh)
      parts.defer(stop)
      const started = parts.move()
      return { databaseUrl: fresh.databaseUrl, api: { url }, stop: () => started.disposeAsync() }
    },
    stop: () => kept.disposeAsync(),
  }
}
