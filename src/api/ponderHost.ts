import { db } from 'ponder:api'
import { readDeployment } from '../../core/deployment.ts'
import { readEnv } from '../../core/env.ts'
import { createLogger } from '../../core/logger.ts'
import { latestBlockOrZero } from '../../core/node/chainClient.ts'
import { createEndpoints } from '../../core/node/endpoints.ts'
import { createApp } from './app.ts'
import { IndexReader } from './queries/indexReader.ts'
import type { Database } from './queries/snapshot.ts'
import { createStreams } from './stream/streams.ts'

// The app under Ponder's server: the read routes on Ponder's own connections, for operators who run a single process.
// At shutdown Ponder's server ends requests after a second. Claims take longer, so they are refused here.

const env = readEnv(['CHAIN_ID', 'DEPLOYMENTS_DIR', 'RPC_URL', 'LOG_LEVEL'])
const logger = createLogger({ level: env.LOG_LEVEL, rpcUrls: env.RPC_URL })
const endpoints = createEndpoints({ rpcUrls: env.RPC_URL, chainId: env.CHAIN_ID, logger })

// The type includes PGlite, which has another client; ponder.config.ts accepts PostgreSQL only.
const index = new IndexReader(db as unknown as Database, env.CHAIN_ID, {
  shownBefore: await latestBlockOrZero(endpoints, logger),
})

export const app = createApp({
  index,
  logger,
  streams: createStreams({ index, chainId: env.CHAIN_ID, logger }),
  deployment: readDeployment(env.CHAIN_ID, env.DEPLOYMENTS_DIR),
})
