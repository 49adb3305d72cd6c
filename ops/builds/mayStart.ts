import type pg from 'pg'
import type { Logger } from 'pino'
import { findDeadBlock } from '../../core/database/finalizedBlocks.ts'
import { createChainClient } from '../../core/node/chainClient.ts'
import type { Endpoints } from '../../core/node/endpoints.ts'
import { chainOf, listBuilds } from './builds.ts'
import { recover } from './deadBranch.ts'
import { replacedBuilds } from './views.ts'

/** Timeout of each of the four tries to read a block. */
const RPC_TIMEOUT_MS = 5_000

type Options = {
  endpoints: Endpoints
  chainId: number
  build: string
  viewsSchema: string
  /** The build that readers see; undefined if there is none. */
  served: string | undefined
  /** Whether this build, if it is new, may replace the one that readers see. */
  redeploy: boolean
  /** The build that this one may replace even if it was replaced before. */
  replace: string | undefined
  /** Whether to recover from a reorg deeper than finality, instead of not starting. */
  recoverReorgs: boolean
  logger: Logger
}

/**
 * Why this build may not start, and what the operator must do; undefined if it may.
 * @throws if the database or the node does not answer, or if a reorg's orphaned build still runs.
 */
export async function reasonNotToStart(client: pg.ClientBase, options: Options): Promise<string | undefined> {
  const { endpoints, chainId, served, recoverReorgs, logger } = options
  for (const schema of await listBuilds(client)) {
    const other = (await chainOf(client, schema)) ?? chainId
    if (other !== chainId)
      return `The database has chain ${other} in schema ${schema}, not ${chainId}: set another DATABASE_URL`
  }
  const reason = served === undefined ? undefined : await reasonNotToReplace(client, served, options)
  if (reason) return reason
  const chain = createChainClient(endpoints, { http: { timeout: RPC_TIMEOUT_MS } })
  if (recoverReorgs) {
    const recovery = await recover(client, chain, chainId)
    if (recovery)
      logger.warn(
        { block: Number(recovery.dead.number), fork: Number(recovery.fork), builds: recovery.builds },
        'Removed the branch that a reorg orphaned, to index it again',
      )
    return undefined
  }
  const dead = await findDeadBlock(client, chain, chainId)
  return dead && `A reorg removed block ${dead.number}, ${dead.hash}, which was finalized: npm run recover:indexer`
}

/** Without this check, a restart of a replaced build would switch readers back to it. */
async function reasonNotToReplace(
  client: pg.ClientBase,
  served: string,
  { build, viewsSchema, redeploy, replace }: Options,
): Promise<string | undefined> {
  if (served === build || served === replace) return undefined
  const command = 'npm run redeploy:indexer'
  if (!redeploy) return `Readers see another build, ${served}. To replace it by this one, ${build}: ${command}`
  if (!(await replacedBuilds(client, viewsSchema)).includes(build)) return undefined
  return `Readers see build ${served}, which replaced this one, ${build}. To go back: ${command} -- --replace ${served}`
}
