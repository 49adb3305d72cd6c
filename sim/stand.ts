import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import getPort from 'get-port'
import { accountOf, roles } from '../devnet/accounts.ts'
import { startApi } from '../devnet/api.ts'
import { startChain } from '../devnet/chain.ts'
import { startIndexer } from '../devnet/indexer.ts'
import { startPostgres } from '../devnet/postgres.ts'
import { tellGuard } from '../devnet/tellGuard.ts'
import { drawFaults } from './faults/drawFaults.ts'
import { createDroppedBlocks } from './faults/droppedBlocks.ts'
import { startRpcProxy } from './faults/rpcProxy.ts'
import { keepRunning } from './keepRunning.ts'
import { seedOf } from './random.ts'
import { settled } from './settled.ts'
import { Tally } from './tally.ts'
import { createWitness } from './witness.ts'
import { createWorld } from './world.ts'

/** Blocks that no reorg may reach lie behind these: the deepest takes 25 away. */
const PADDING = 40

export type Stand = Awaited<ReturnType<typeof startStand>>

/**
 * A market of its own in which everything may fail: chain, PostgreSQL server, API, an indexer that sees the chain through
 * a faulty network, and a witness of the chain. All are in order, and the index at the chain's latest block.
 */
export async function startStand(options: { seed: number; faultProbability: number }) {
  await using parts = new AsyncDisposableStack()
  const deploymentsDirectory = await mkdtemp(join(tmpdir(), 'runline-simulation-'))
  tellGuard({ directory: deploymentsDirectory })
  parts.defer(() => rm(deploymentsDirectory, { recursive: true }))
  const chain = await startChain({ deploymentsDirectory })
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
  const witness = await createWitness(world)
  await world.node.mine({ blocks: PADDING })
  await witness.catchUp()

  const droppedBlocks = createDroppedBlocks(world)
  let areFaultsOn = false
  const draw = drawFaults({ seed: seedOf(options.seed, 'faults'), probability: options.faultProbability })
  const proxy = await startRpcProxy(
    chain.rpcUrl,
    (call) => (areFaultsOn ? draw(call) : undefined) ?? droppedBlocks.recall(call),
  )
  parts.defer(proxy.stop)

  const ends = new Tally()
  const market = { databaseUrl, chainId: chain.deployment.chainId, deploymentsDirectory }
  const [indexerPort, apiPort] = await Promise.all([getPort(), getPort()])
  const indexer = keepRunning(
    () => startIndexer({ ...market, rpcUrl: proxy.url, port: indexerPort }),
    (how) => ends.add(`indexer ${how}`),
  )
  parts.defer(indexer.stop)
  const api = keepRunning(
    () => startApi({ ...market, rpcUrl: chain.rpcUrl, port: apiPort }),
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
    faults: proxy.counts,
    setFaults(areOn: boolean) {
      areFaultsOn = areOn
    },
    /** An indexer on an empty database that sees the chain as it is. */
    async startFreshIndexer() {
      const freshUrl = await postgres.createDatabase('fresh')
      const fresh = await startIndexer({ ...market, databaseUrl: freshUrl, rpcUrl: chain.rpcUrl })
      return { databaseUrl: freshUrl, stop: fresh.stop }
    },
    stop: () => kept.disposeAsync(),
  }
}
