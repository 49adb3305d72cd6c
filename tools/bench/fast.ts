/**
 * A chain with five blocks a second, as Base is, by the settings that production has there: how far the index is behind, what
 * a claim takes beside a raw transaction, what an idle market asks of the node, and how long reorgs and restarts take.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { baseSepolia } from 'viem/chains'
import { deployArtifact } from '../../test/support/contracts.ts'
import { startFastChain } from '../../test/support/fastChain.ts'
import { countCalls, startMeteredNode } from '../../test/support/meteredNode.ts'
import { type Agent, participantsOf, usdc } from '../../test/support/participants.ts'
import { waitForIndex } from '../../test/support/waitForIndex.ts'
import { accountOf, keyOf, roles } from '../devnet/accounts.ts'
import { startApi } from '../devnet/api.ts'
import { type Indexer, startIndexer } from '../devnet/indexer.ts'
import { startPostgres } from '../devnet/postgres.ts'
import { claimLatencies, WARM_UP } from './fastClaims.ts'
import { followBlocks } from './fastFollow.ts'
import type { Measurement } from './figure.ts'
import { LOGS_IN_BLOCK, putForeignLogs, writeForeignLogs } from './foreignLogs.ts'
import { isQuick } from './workload.ts'

/** More than the minute whose blocks a reorg may remove. */
const HISTORY_SECONDS = 80

/** Long, because chance decides which bloom filters may have events. */
const IDLE_SECONDS = isQuick ? 5 : 60
const FOLLOW_SECONDS = isQuick ? 5 : 20
/** Claims of each kind. */
const CLAIMS = isQuick ? 5 : 20

const REORGS = [
  { depth: 20, atMost: 1 },
  { depth: 100, atMost: 10 },
  { depth: 300, atMost: 10 },
]

const TIMEOUT_MS = 60_000

const WITH_SOCKET = ', with WS_URL'

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres()
  parts.defer(postgres.stop)
  let agent: Agent | undefined
  const runIds: bigint[] = []
  const chain = await startFastChain({
    chainId: baseSepolia.id,
    history: HISTORY_SECONDS,
    // Otherwise Anvil counts blocks as final after 13 seconds. A rollup's are final after minutes.
    flags: ['--slots-in-an-epoch', '1000'],
    prepareUsdc: (rpcUrl) => deployArtifact(rpcUrl, 'MockUSDC'),
    async prepare(market) {
      await putForeignLogs(market.client)
      const people = participantsOf(market)
      agent = await people.newAgent(accountOf(2), 1_000n * usdc)
      for (let run = 0; run < 4 * CLAIMS + 2 * WARM_UP; run++) runIds.push(await people.openRun(usdc, 864_000n))
    },
    fillBlock: ({ client }) => writeForeignLogs(client),
  })
  parts.defer(chain.stop)
  await chain.start()
  const nodes = { indexer: await startMeteredNode(chain.rpcUrl), api: await startMeteredNode(chain.rpcUrl) }
  parts.defer(nodes.indexer.stop)
  parts.defer(nodes.api.stop)
  const databaseUrl = await postgres.createDatabase()
  const start = (env: Record<string, string> = {}) =>
    startIndexer({ ...chain, databaseUrl, rpcUrl: nodes.indexer.url, env })
  let indexer: Indexer = await start()
  parts.defer(() => indexer.stop())
  const api = await startApi({ ...chain, databaseUrl, rpcUrl: nodes.api.url, relayerKey: keyOf(roles.relayer) })
  parts.defer(api.stop)

  const latest = async () => (await chain.client.getBlock()).number
  /** Waits until readers see the block or a later one. @returns the seconds until then. */
  async function secondsUntil(block: bigint): Promise<number> {
    const startedAt = performance.now()
    await waitForIndex(databaseUrl, block, TIMEOUT_MS)
    return (performance.now() - startedAt) / 1_000
  }

  async function idle(variant: string): Promise<Measurement[]> {
    console.log(`An idle market${variant}`)
    for (const node of Object.values(nodes)) node.reset()
    await sleep(1_000 * IDLE_SECONDS)
    const [ofIndexer, ofApi] = [nodes.indexer.use(), nodes.api.use()]
    for (const { calls } of [ofIndexer, ofApi]) console.log(`  ${[...calls].join('; ')}`)
    const perSecond = (count: number) => count / IDLE_SECONDS
    const calls = { indexer: perSecond(countCalls(ofIndexer)), api: perSecond(countCalls(ofApi)) }
    // After its first claims an API watches their transactions.
    const ofBoth: Measurement[] =
      variant === ''
        ? [
            {
              figure: 'calls of an idle market',
              unit: 'calls/s',
              value: calls.indexer + calls.api,
              goal: { atMost: 7 },
            },
            {
              figure: 'calls of an API that waits for nothing',
              unit: 'calls/s',
              value: calls.api,
              goal: { atMost: 0.3 },
            },
          ]
        : []
    return [
      ...ofBoth,
      { figure: `calls of an idle indexer${variant}`, unit: 'calls/s', value: calls.indexer, goal: { atMost: 6.7 } },
      {
        figure: `traffic of an idle indexer${variant}`,
        unit: 'kB/s',
        value: perSecond(ofIndexer.bytes) / 1_000,
      },
    ]
  }

  async function reorgs(): Promise<Measurement[]> {
    const measured: Measurement[] = []
    for (const { depth, atMost } of REORGS) {
      await secondsUntil(await latest())
      // The reorg leaves the chain as long as it was, so a later block is of the new branch.
      const seconds = await secondsUntil((await chain.reorg(depth)) + 1n)
      console.log(`  a reorg of ${depth} blocks: ${seconds.toFixed(2)} s`)
      measured.push({
        figure: `a reorg of ${depth} blocks, until it is indexed`,
        unit: 's',
        value: seconds,
        goal: { atMost },
      })
    }
    return measured
  }

  async function restart(): Promise<Measurement> {
    await secondsUntil(await latest())
    process.kill(indexer.part.pid, 'SIGKILL')
    await indexer.part.ended
    const startedAt = performance.now()
    indexer = await start()
    await secondsUntil(await latest())
    const value = (performance.now() - startedAt) / 1_000
    console.log(`  a restart: ${value.toFixed(2)} s`)
    return { figure: 'a restart, until the index has the latest block', unit: 's', value, goal: { atMost: 5 } }
  }

  if (!agent) throw new Error('The market has no agent')
  await secondsUntil((await latest()) + 20n)
  const follow = (variant: string) =>
    followBlocks({ client: chain.client, apiUrl: api.url, databaseUrl, seconds: FOLLOW_SECONDS, variant })
  const claims = { chain, apiUrl: api.url, agent }
  const measurements = [
    ...(await idle('')),
    ...(await follow('')),
    ...(await claimLatencies({ ...claims, runIds: runIds.slice(0, runIds.length / 2), variant: '' })),
  ]
  await indexer.stop()
  indexer = await start({ WS_URL: chain.rpcUrl.replace('http', 'ws') })
  await secondsUntil((await latest()) + 20n)
  measurements.push(
    ...(await idle(WITH_SOCKET)),
    ...(await follow(WITH_SOCKET)),
    ...(await claimLatencies({ ...claims, runIds: runIds.slice(runIds.length / 2), variant: WITH_SOCKET })),
    // Last, because an Anvil that has replaced hundreds of blocks may lack the contracts.
    await restart(),
    ...(await reorgs()),
  )
  return { measurements, notes: [limits] }
}

const limits = `Each block has ${LOGS_IN_BLOCK} logs of another contract, so a third of the blocks may have events of the market by their
bloom filter, and the indexer asks for the logs of these. A poll is a call for each block. All processes share the machine with Anvil.`
