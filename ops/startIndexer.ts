// `npm run start:indexer`: runs Ponder in this process. Each build has a schema of its own; a restart of the same build
// resumes. `npm run redeploy:indexer` does the same for a new build: it indexes beside the build that readers see, and
// switches readers once it has caught up. It exits with 1 only where this file refuses to run, because of its configuration,
// its installation or the builds in the database. Any other failure exits with 75.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { parseArgs } from 'node:util'
// Changes how modules are loaded. What imports Ponder is imported below, once it is registered.
import '../core/cheapImports.ts'
import '../core/sureExit.ts'
import { readEnv } from '../core/env.ts'
import { createLogger } from '../core/logger.ts'
import { createChainClient } from '../core/node/chainClient.ts'
import { createEndpoints } from '../core/node/endpoints.ts'
import { ponderVariables } from '../core/ponderVariables.ts'
import { type Decision, decideByBlockTime, followBlockTime } from './blockTime.ts'
import { clearStaleLock, lockBuild } from './builds/buildLock.ts'
import { finalizedBlockOf } from './builds/builds.ts'
import { keepCacheSmall } from './builds/cachedBlocks.ts'
import { reasonNotToStart } from './builds/mayStart.ts'
import { storedBlock } from './builds/storedBlock.ts'
import { servedBuild } from './builds/views.ts'
import { connect } from './database/connect.ts'
import { assertFreeDisk } from './database/freeDisk.ts'
import { exitForRestart, RESTART, restartAtFailure } from './database/restart.ts'
import { sharesSessions } from './database/sessions.ts'
import { waitForDatabase } from './database/waitForDatabase.ts'
import { watchDatabase } from './database/watch.ts'
import { missingLines, PATCH } from './ponderPatch.ts'
import { endAtStall } from './stall/endAtStall.ts'

const {
  DATABASE_URL,
  CHAIN_ID,
  RPC_URL,
  DATABASE_SCHEMA,
  PONDER_PORT,
  PONDER_HOST,
  STALL_SECONDS,
  RECOVER_REORGS,
  REORG_WINDOW_SECONDS,
  LOG_LEVEL,
} = readEnv([
  'DATABASE_URL',
  'CHAIN_ID',
  'RPC_URL',
  'DATABASE_SCHEMA',
  'PONDER_PORT',
  'PONDER_HOST',
  'STALL_SECONDS',
  'RECOVER_REORGS',
  'REORG_WINDOW_SECONDS',
  'LOG_LEVEL',
])
const missing = missingLines()
if (missing.length > 0) {
  throw new Error(`The installed Ponder lacks ${missing.length} lines of ${PATCH}: run npm ci`)
}
const { default: config } = await import('../ponder.config.ts')
const { takeOver } = await import('./builds/takeOver.ts')
const logger = createLogger({ level: LOG_LEVEL, rpcUrls: RPC_URL })
const endpoints = createEndpoints({ rpcUrls: RPC_URL, chainId: CHAIN_ID, logger })

const { redeploy = false, replace } = parseArgs({
  options: { redeploy: { type: 'boolean' }, replace: { type: 'string' } },
}).values

const schema = `runline_${hashOfBuild(CHAIN_ID)}`
const readers = { build: schema, viewsSchema: DATABASE_SCHEMA }
const blockTimes = { chain: createChainClient(endpoints), windowSeconds: REORG_WINDOW_SECONDS, logger }
await assertFree(PONDER_PORT, PONDER_HOST)
const ponder = new URL('bin/ponder.js', import.meta.resolve('ponder'))
const refuse = restartAtFailure()
// Loading takes longer than most recoveries of PostgreSQL. Its error is looked at below.
const loading = import(new URL('commands/start.js', ponder).href)
loading.catch(() => undefined)
const { reason, served, decided } = await prepareDatabase().catch((err) => {
  logger.fatal({ err }, 'Cannot tell whether this build may start')
  process.exit(RESTART)
})
if (reason) refuse(new Error(reason))
await loading.catch(refuse)
void watchDatabase(DATABASE_URL, logger)
if (decided) void followBlockTime(blockTimes, decided)
void endAtStall({
  databaseUrl: DATABASE_URL,
  endpoints,
  chainId: CHAIN_ID,
  schema,
  stallSeconds: STALL_SECONDS,
  logger,
})
logger.info({ chainId: CHAIN_ID, schema, viewsSchema: DATABASE_SCHEMA, port: PONDER_PORT }, 'Starting Ponder')

// Ponder prefers PORT, which is the API's, to its own flag.
delete process.env.PORT

// Ponder is imported, not spawned, so that signals and exit codes are this process's own (75 asks for a restart), and a
// SIGKILL leaves no indexer that holds the schema's lock.
process.argv = [
  process.execPath,
  ponder.pathname,
  '--log-level',
  LOG_LEVEL,
  '--log-format',
  'json',
  'start',
  '--schema',
  schema,
  '--port',
  String(PONDER_PORT),
  '--hostname',
  PONDER_HOST,
]
await import(ponder.href)

const caughtUp = Promise.withResolvers<void>()
void takeOver({ ...readers, databaseUrl: DATABASE_URL, servedAtStart: served, onCaughtUp: caughtUp.resolve, logger })
// Not earlier: Ponder creates the cache's tables when it starts, and a backfill reads them.
await caughtUp.promise
await keepCacheSmall({ databaseUrl: DATABASE_URL, chainId: CHAIN_ID, logger })

/**
 * Takes the lock of the build. Tells Ponder which blocks are final, which rows stay, and how often to poll.
 * @returns why this build may not start, if it may not, and the build that readers see.
 * @throws if the database or the node does not answer.
 */
async function prepareDatabase(): Promise<{ reason?: string; served?: string | undefined; decided?: Decision }> {
  await waitForDatabase(DATABASE_URL, logger)
  if (await sharesSessions(DATABASE_URL)) {
    return {
      reason:
        'DATABASE_URL leads to a pooler in transaction mode, which shares locks and settings of a session: use session mode, or PostgreSQL itself',
    }
  }
  await using client = await connect(DATABASE_URL)
  // Ponder may revert rows as soon as it starts. Without space to index them again, readers would lose the last answer.
  await assertFreeDisk(client)
  const served = await servedBuild(client, DATABASE_SCHEMA)
  const reason = await reasonNotToStart(client, {
    endpoints,
    chainId: CHAIN_ID,
    ...readers,
    served,
    redeploy,
    replace,
    recoverReorgs: RECOVER_REORGS,
    logger,
  })
  if (reason) return { reason }
  // Another process could then run the same build.
  const onLost = (err: Error) => exitForRestart(logger, 'The lock of this build is lost', { err })
  if (!(await lockBuild({ databaseUrl: DATABASE_URL, build: schema, onLost, logger })))
    throw new Error(`Another process runs the build of schema ${schema}`)
  await clearStaleLock(client, schema, logger)
  process.env[ponderVariables.finalizedBlock] = String(await finalizedBlockOf(client, schema))
  const stored = await storedBlock(client, schema, blockTimes.chain)
  if (stored) {
    process.env[ponderVariables.storedBlock] = String(stored.number)
    process.env[ponderVariables.storedHash] = stored.hash
  }
  return { served, decided: await decideByBlockTime(blockTimes) }
}

/**
 * A hash of everything that decides which tables readers get, and their content. Ponder refuses a schema that was made with
 * other contracts or blocks in its config, another schema file or handler, or another Ponder version; we add the chain id and
 * the patch.
 */
function hashOfBuild(chainId: number) {
  const ponderPackage = readFileSync(new URL('../../package.json', import.meta.resolve('ponder')), 'utf8')
  const handlers = globSync('src/**/*.ts', { exclude: ['src/api/**'] }).sort()
  const texts = [PATCH, 'ponder.schema.ts', 'ops/builds/followBlocks.ts', ...handlers].map((path) =>
    readFileSync(path, 'utf8'),
  )
  const inputs = JSON.stringify([ponderPackage, chainId, config.contracts, config.blocks, texts])
  return createHash('sha256').update(inputs).digest('hex').slice(0, 10)
}

/** Ponder silently takes the next port if its own is in use, and probes of the port would then ask another process. */
async function assertFree(port: number, host: string) {
  const server = createServer().listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new Error(`PONDER_PORT ${port} cannot be used on PONDER_HOST ${host}: set another port`, { cause })
  }
  server.close()
  await once(server, 'close')
}
