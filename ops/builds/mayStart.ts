import pg from 'pg'
import { createChainClient } from '../../src/api/chainClient.ts'
import { findDeadBlock } from './deadBranch.ts'
import { servedBuild } from './views.ts'

/** Milliseconds for a block, tried four times. */
const RPC_TIMEOUT = 5_000

type Options = {
  databaseUrl: string
  rpcUrl: string
  chainId: number
  build: string
  viewsSchema: string
  /** Whether it may replace another build. */
  redeploy: boolean
}

/**
 * What an operator must do before this build may run, in a sentence; undefined if nothing.
 * @throws if database or node cannot be asked.
 */
export async function reasonNotToStart(options: Options): Promise<string | undefined> {
  const { databaseUrl, rpcUrl, chainId, build, viewsSchema, redeploy } = options
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const served = await servedBuild(client, viewsSchema)
    // Else a restart of a build that was replaced would take readers back.
    if (served !== undefined && served !== build && !redeploy) {
      return `Readers see another build, ${served}. To replace it by this one, ${build}: npm run redeploy:indexer`
    }
    const chain = createChainClient(rpcUrl, { http: { timeout: RPC_TIMEOUT } })
    const dead = await findDeadBlock(client, chain, chainId)
    return dead && `The chain has left block ${dead.number}, ${dead.hash}, which was final: npm run recover:indexer`
  } finally {
    await client.end()
  }
}
