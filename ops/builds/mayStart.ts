import pg from 'pg'
import { createChainClient } from '../../src/api/chainClient.ts'
import { chainOf } from './builds.ts'
import { findDeadBlock } from './deadBranch.ts'
import { servedBuild } from './views.ts'

/** Timeout of each of the four tries to read a block. */
const RPC_TIMEOUT_MS = 5_000

type Options = {
  databaseUrl: string
  rpcUrl: string
  chainId: number
  build: string
  viewsSchema: string
  /** Whether this build may replace the one that readers see. */
  redeploy: boolean
}

/**
 * Why this build may not start, and what the operator must do; undefined if it may.
 * @throws if the database or the node does not answer.
 */
export async function reasonNotToStart(options: Options): Promise<string | undefined> {
  const { databaseUrl, rpcUrl, chainId, build, viewsSchema, redeploy } = options
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const served = await servedBuild(client, viewsSchema)
    const servedChain = served === undefined ? undefined : await chainOf(client, served)
    if (servedChain !== undefined && servedChain !== chainId) {
      return `Schema ${viewsSchema} has chain ${servedChain}, not ${chainId}: set another DATABASE_SCHEMA`
    }
    // Without this check, a restart of a replaced build would switch readers back to it.
    if (served !== undefined && served !== build && !redeploy) {
      return `Readers see another build, ${served}. To replace it by this one, ${build}: npm run redeploy:indexer`
    }
    const chain = createChainClient(rpcUrl, { http: { timeout: RPC_TIMEOUT_MS } })
    const dead = await findDeadBlock(client, chain, chainId)
    return dead && `A reorg removed block ${dead.number}, ${dead.hash}, which was finalized: npm run recover:indexer`
  } finally {
    await client.end()
  }
}
