import { setTimeout as sleep } from 'node:timers/promises'
import type { Deployment } from '../../core/deployment.ts'
import { reasonOf } from '../../core/describeError.ts'
import { keyOf, roles } from './accounts.ts'
import { createAnvilClient } from './anvilClient.ts'
import { type Api, startApi } from './api.ts'
import { buildContracts } from './buildContracts.ts'
import { startChain } from './chain.ts'
import { postTexts } from './demoTexts.ts'
import { type Indexer, startIndexer } from './indexer.ts'
import type { ManagedProcess } from './managedProcess.ts'
import { mineBlocks } from './mineBlocks.ts'
import { usablePorts } from './ports.ts'
import { createDatabase, dropDatabase, startPostgres } from './postgres.ts'
import { type SeededMarket, seedableGenesis, seedMarket } from './seed.ts'

export type DevnetOptions = {
  /** The port for each variable; 0 for any free port. */
  ports: Record<'ANVIL_PORT' | 'POSTGRES_PORT' | 'PONDER_PORT' | 'PORT' | 'OPS_PORT', number>
  /** A PostgreSQL server to use instead of an embedded one. */
  serverUrl: string | undefined
  /** The schema that readers use. */
  schema: string
  deploymentsDirectory: string
  /** Seconds from block to block. */
  blockTime: number
  /** The devnet adds what to clean up after its processes have ended. */
  ending: AsyncDisposableStack
  onProgress: (line: string) => void
  /** Called with each line that indexer and API print. */
  onLine: (source: 'indexer' | 'api', line: string) => void
  /** Called when a process ends for any reason, with an error that says how. */
  onEnd: (error: Error) => void
}

export type Devnet = {
  rpcUrl: string
  blockTime: number
  databaseUrl: string
  deployment: Deployment
  demo: SeededMarket
  indexer: Indexer
  api: Api
}

/**
 * Starts the whole market with the demo data, and waits until the API serves it. Sources reload.
 * @throws before it starts a process if a port is in use, later if a process does not start.
 */
export async function startDevnet(options: DevnetOptions): Promise<Devnet> {
  const { schema, onProgress, onLine, onEnd } = options
  const watch = (part: ManagedProcess, ended = part.ended) => ended.then((how) => onEnd(part.failure(how)))
  const ports = await usablePorts(options.ports)

  const [{ chain, demo }, databaseUrl] = await Promise.all([
    startDemoChain(ports.ANVIL_PORT, options, watch),
    openDatabase(ports, options, watch),
  ])
  onProgress('PostgreSQL is up')

  const connections = {
    databaseUrl,
    schema,
    chainId: chain.deployment.chainId,
    rpcUrl: chain.rpcUrl,
    deploymentsDirectory: options.deploymentsDirectory,
    reload: true,
  }
  const [indexer, api] = await Promise.all([
    startIndexer({ ...connections, port: ports.PONDER_PORT, onLine: (line) => onLine('indexer', line) }),
    startApi({
      ...connections,
      port: ports.PORT,
      opsPort: ports.OPS_PORT,
      relayerKey: keyOf(roles.relayer),
      allowUnsignedClaims: true,
      onLine: (line) => onLine('api', line),
    }),
  ])
  watch(indexer.part)
  watch(api.part, api.ended)
  onProgress('Indexer and API are up')
  await untilServed(api.url, demo.block)
  await postTexts(api.url, demo.texts)
  const { blockTime } = options
  return { rpcUrl: chain.rpcUrl, blockTime, databaseUrl, deployment: chain.deployment, demo, indexer, api }
}

async function startDemoChain(
  port: number,
  { deploymentsDirectory, blockTime, onProgress, onEnd }: DevnetOptions,
  watch: (part: ManagedProcess) => void,
) {
  await buildContracts()
  onProgress('Contracts are built')
  const chain = await startChain({ port, timestamp: seedableGenesis(), deploymentsDirectory, onStep: onProgress })
  watch(chain.part)
  const demo = await seedMarket(chain.rpcUrl, chain.deployment)
  // Where Anvil has ended, its own error comes first.
  mineBlocks(createAnvilClient(chain.rpcUrl), 1_000 * blockTime).ended.catch((error) =>
    setTimeout(() => onEnd(error), 1_000).unref(),
  )
  onProgress(`The demo market has ${demo.bountyIds.size} runs and ${demo.agentIds.size} agents`)
  return { chain, demo }
}

/**
 * Creates an empty database, because the indexer's cache of another Anvil chain would be wrong for this one. On the
 * server of `serverUrl`, the database that the URL names stays unchanged, and the new one is dropped at the end. Its name
 * is the same at each start, so that a start drops the database that a killed devnet left.
 */
async function openDatabase(
  { ANVIL_PORT, POSTGRES_PORT }: DevnetOptions['ports'],
  { serverUrl, ending }: DevnetOptions,
  watch: (part: ManagedProcess) => void,
): Promise<string> {
  const name = `runline_devnet_${ANVIL_PORT}`
  if (serverUrl === undefined) {
    const server = await startPostgres({ port: POSTGRES_PORT })
    watch(server.part)
    return server.createDatabase(name)
  }
  try {
    await dropDatabase(serverUrl, name)
    const url = await createDatabase(serverUrl, name)
    ending.defer(() => dropDatabase(serverUrl, name))
    return url
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`DATABASE_URL: cannot create the database ${name}: ${reason}`, { cause })
  }
}

async function untilServed(apiUrl: string, block: bigint) {
  const deadline = Date.now() + 30_000
  for (;;) {
    // While the API reloads a source that has changed, it refuses connections.
    const answer = await fetch(`${apiUrl}/api/runs?limit=1&minBlock=${block}`).catch((error: Error) => error)
    if (answer instanceof Response && answer.ok) return
    if (Date.now() > deadline) {
      const reason = answer instanceof Error ? reasonOf(answer) : await answer.text()
      throw new Error(`The API does not serve after 30 s: ${reason}`)
    }
    await sleep(100)
  }
}
