import { db } from 'ponder:api'
import { createApp } from './app.ts'
import { readDeployment } from './deployment.ts'
import { readEnv } from './env.ts'
import { newestBlock } from './newestBlock.ts'
import { createLogger } from './observability/logger.ts'
import { IndexReader } from './queries/indexReader.ts'
import type { Database } from './queries/snapshot.ts'

// Ponder's host: the read routes on Ponder's own connections, for whoever runs one process only. Its server ends
// requests after a second at shutdown, so that claims, which take longer, are refused here.

const env = readEnv(['CHAIN_ID', 'DEPLOYMENTS_DIR', 'RPC_URL', 'LOG_LEVEL'])
const logger = createLogger({ level: env.LOG_LEVEL, rpcUrl: env.RPC_URL })
const { contracts } = readDeployment(env.CHAIN_ID, env.DEPLOYMENTS_DIR)

export default createApp({
  // By its type this could be PGlite, which has another client; ponder.config.ts takes PostgreSQL only.
  index: new IndexReader(db as unknown as Database, env.CHAIN_ID, {
    shownBefore: await newestBlock(env.RPC_URL, logger),
  }),
  logger,
  market: { chainId: env.CHAIN_ID, address: contracts.BountyMarket },
})
