import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { PublicClient } from 'viem'
import { type Deployment, readDeployment } from '../../core/deployment.ts'
import type { parseEnv } from '../../core/env.ts'
import { createChainClient } from '../../core/node/chainClient.ts'
import { isConsistent, readSnapshot } from '../../src/api/index/snapshot.ts'
import { connectCommand } from '../database/connect.ts'
import { ChainLogs } from './chainLogs.ts'
import { ChainState } from './chainState.ts'
import { compareAll, type Result } from './compare.ts'
import { copySchemaOf, copyTables, dropCopy } from './copy.ts'
import type { Progress } from './progress.ts'
import { isCanonical, untilFinal } from './settledBlock.ts'

/** The settings that every audit reads. */
export const auditSettings = ['DATABASE_URL', 'DATABASE_SCHEMA', 'CHAIN_ID', 'DEPLOYMENTS_DIR', 'RPC_URL'] as const

type Environment = ReturnType<typeof parseEnv<(typeof auditSettings)[number]>>

/** What an audit found at a finalized block. */
export type Audit = Result & { block: bigint }

type Parts = {
  client: pg.Client
  schema: string
  chain: PublicClient
  deployment: Deployment
  progress: Progress
}

/** How many copies the audit compares at most: it starts over when a reorg removes the block of a copy. */
const ATTEMPTS = 5

/** How long the index may take to become consistent, as after a reorg. */
const INDEX_TIMEOUT_MS = 10_000
const INDEX_POLL_MS = 250

/**
 * Compares the tables that readers see with the chain, at one finalized block.
 * @throws if they cannot be compared.
 */
export async function audit(env: Environment, progress: Progress): Promise<Audit> {
  const deployment = readDeployment(env.CHAIN_ID, env.DEPLOYMENTS_DIR)
  // One node, so that all answers are of one chain. Concurrent calls share one HTTP request.
  const chain = createChainClient(env.RPC_URL[0], { http: { batch: { batchSize: 50 } }, cacheTime: 0 })
  const chainId = await chain.getChainId()
  if (chainId !== deployment.chainId) {
    throw new Error(`CHAIN_ID is ${deployment.chainId}, but RPC_URL serves chain ${chainId}`)
  }
  await using client = await connectAlone(env.DATABASE_URL, env.DATABASE_SCHEMA)
  return await compareCopies({ client, schema: env.DATABASE_SCHEMA, chain, deployment, progress })
}

/** @throws if another audit of the same schema is running. */
async function connectAlone(url: string, schema: string) {
  // The lock of a killed audit is released within a second, although its statement may take minutes.
  const options = `-c search_path=${copySchemaOf(schema)} -c client_connection_check_interval=1s`
  const client = await connectCommand(url, { options })
  const { rows } = await client.query('SELECT pg_try_advisory_lock(hashtext($1)) AS free', [copySchemaOf(schema)])
  if (rows[0].free) return client
  await client.end()
  throw new Error(`Another audit of schema ${schema} is running: wait for its end`)
}

async function compareCopies(parts: Parts): Promise<Audit> {
  const { client, schema, chain, progress } = parts
  for (let attempt = 1; ; attempt++) {
    const audited = await openCopy(parts)
    const { number, hash } = audited.block
    try {
      const result = await compareAll(audited, (phase, share, compared) =>
        progress.show(phase.padEnd(6), share, `${compared} compared`),
      )
      const onWait = (share: number, missing: bigint) =>
        progress.show(`Waiting until block ${number} is finalized`, share, `${missing} more blocks`)
      if (!(await untilFinal(chain, audited.block, onWait))) throw new Error(`A reorg removed block ${number}`)
      await dropCopy(client, schema)
      return { ...result, block: number }
    } catch (cause) {
      if (await isCanonical(chain, audited.block)) throw cause
      if (attempt === ATTEMPTS) throw new Error(`A reorg removed block ${number}, ${hash}`, { cause })
      progress.line(`A reorg removed block ${number}, ${hash}: starting over`)
    }
  }
}

/** @throws if the index stays empty or inconsistent. */
async function openCopy({ client, schema, chain, deployment, progress }: Parts) {
  for (const deadline = Date.now() + INDEX_TIMEOUT_MS; ; await sleep(INDEX_POLL_MS)) {
    await copyTables(client, schema)
    const block = await readSnapshot(client, { chainId: deployment.chainId, clock: 0 })
    if (block && isConsistent(block)) {
      progress.line(`Copied block ${block.number}, ${block.hash}`)
      const state = new ChainState(chain, deployment, block.hash)
      const { AgentRegistry, AgentStaking, BountyMarket } = deployment.contracts
      const start = BigInt(Math.min(deployment.startBlock, ...Object.values(deployment.startBlocks ?? {})))
      const logs = new ChainLogs(chain, [AgentRegistry, AgentStaking, BountyMarket], start)
      return { deployment, block, client, state, logs }
    }
    if (Date.now() > deadline)
      throw new Error(
        `The index is empty or rewinding after ${INDEX_TIMEOUT_MS / 1_000} s: wait until the API serves it`,
      )
  }
}
