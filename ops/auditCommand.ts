// `npm run audit`: compares what the API serves with the chain, as an operator does after an incident.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { drizzle } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import type { PublicClient } from 'viem'
import { type Deployment, readDeployment } from '../core/deployment.ts'
import { reasonOf } from '../core/describeError.ts'
import { parseEnv } from '../core/env.ts'
import { createChainClient } from '../core/node/chainClient.ts'
import { isConsistent, snapshotOnly } from '../src/api/queries/snapshot.ts'
import { ChainLogs } from './audit/chainLogs.ts'
import { ChainState } from './audit/chainState.ts'
import { compareAll, type Result } from './audit/compare.ts'
import { copySchemaOf, copyTables, dropCopy, isCopied } from './audit/copy.ts'
import { createProgress } from './audit/progress.ts'
import { isCanonical, untilFinal } from './audit/settledBlock.ts'
import { connectCommand } from './database/connect.ts'

const DIFFERENT = 1
const NOT_COMPARED = 2
const INTERRUPTED = 130

const HELP = `npm run audit [-- --fresh]

Compares what the API serves with the chain. It copies the tables, in one transaction, into a schema of its own in
DATABASE_URL, compares the copy with the contracts and their logs at the copy's block, waits until that block is
finalized, and prints each difference and a line such as "0 differences in 7 runs, 5 agents at block 1234".
The node (the first of RPC_URL) must keep the state of the copy's block until the audit ends; a long audit needs an archive node.

After Ctrl-C or a failure the same command resumes the audit; --fresh starts over.

Exit codes: 0 no differences, 1 differences, 2 could not compare, 130 interrupted.
Environment: DATABASE_URL, DATABASE_SCHEMA, CHAIN_ID, DEPLOYMENTS_DIR, RPC_URL.`

/** How many copies the audit compares at most: it starts over when a reorg removes the block of a copy. */
const ATTEMPTS = 5

/** How long the index may take to become consistent, as after a reorg. */
const INDEX_TIMEOUT_MS = 10_000
const INDEX_POLL_MS = 250

const progress = createProgress(process.stderr)

async function run(isFresh: boolean): Promise<number> {
  const env = parseEnv(['DATABASE_URL', 'DATABASE_SCHEMA', 'CHAIN_ID', 'DEPLOYMENTS_DIR', 'RPC_URL'], process.env)
  const deployment = readDeployment(env.CHAIN_ID, env.DEPLOYMENTS_DIR)
  // One node, so that all answers are of one chain. Concurrent calls share one HTTP request.
  const chain = createChainClient(env.RPC_URL[0], { http: { batch: { batchSize: 50 } }, cacheTime: 0 })
  const chainId = await chain.getChainId()
  if (chainId !== deployment.chainId) {
    throw new Error(`CHAIN_ID is ${deployment.chainId}, but RPC_URL serves chain ${chainId}`)
  }
  await using client = await connectAlone(env.DATABASE_URL, env.DATABASE_SCHEMA)
  if (isFresh) await dropCopy(client, env.DATABASE_SCHEMA)
  return await audit(client, env.DATABASE_SCHEMA, chain, deployment)
}

/** @throws if another audit of the same schema is running. */
async function connectAlone(url: string, schema: string) {
  // The lock of an interrupted audit is released within a second, although its statement may take minutes.
  const options = `-c search_path=${copySchemaOf(schema)} -c client_connection_check_interval=1s`
  const client = await connectCommand(url, { options })
  const { rows } = await client.query('SELECT pg_try_advisory_lock(hashtext($1)) AS free', [copySchemaOf(schema)])
  if (rows[0].free) return client
  await client.end()
  throw new Error(`Another audit of schema ${schema} is running: wait for its end`)
}

async function audit(client: pg.Client, schema: string, chain: PublicClient, deployment: Deployment) {
  for (let attempt = 1; ; attempt++) {
    const audited = await openCopy(client, schema, chain, deployment)
    const { number, hash } = audited.block
    try {
      const result = await compareAll(audited, (phase, share, compared) =>
        progress.show(phase.padEnd(6), share, `${compared} compared`),
      )
      const onWait = (share: number, missing: bigint) =>
        progress.show(`Waiting until block ${number} is finalized`, share, `${missing} more blocks`)
      if (!(await untilFinal(chain, audited.block, onWait))) throw new Error(`A reorg removed block ${number}`)
      await dropCopy(client, schema)
      return report(result, number)
    } catch (cause) {
      if (await isCanonical(chain, audited.block)) throw cause
      await dropCopy(client, schema)
      if (attempt === ATTEMPTS) throw new Error(`A reorg removed block ${number}, ${hash}`, { cause })
      progress.line(`A reorg removed block ${number}, ${hash}: starting over`)
    }
  }
}

/** The copy of an interrupted audit, else a new one. @throws if the index stays empty or inconsistent. */
async function openCopy(client: pg.Client, schema: string, chain: PublicClient, deployment: Deployment) {
  const isOld = await isCopied(client, schema)
  for (const deadline = Date.now() + INDEX_TIMEOUT_MS; ; await sleep(INDEX_POLL_MS)) {
    if (!isOld) await copyTables(client, schema)
    const copied = await snapshotOnly(drizzle(client), { chainId: deployment.chainId, clock: 0 })
    if (copied && isConsistent(copied.snapshot)) {
      const { snapshot: block } = copied
      progress.line(`${isOld ? 'Resuming at' : 'Copied'} block ${block.number}, ${block.hash}`)
      const state = new ChainState(chain, deployment, block.hash)
      return { deployment, block, client, state, logs: new ChainLogs(chain, deployment) }
    }
    if (Date.now() > deadline)
      throw new Error(
        `The index is empty or rewinding after ${INDEX_TIMEOUT_MS / 1_000} s: wait until the API serves it`,
      )
  }
}

function report({ differences, compared }: Result, block: bigint) {
  const { events, runs, agents, payees, counts } = compared
  progress.line(`Also compared: ${events} events, ${payees} payees, ${counts} counts`)
  for (const difference of differences) console.log(difference)
  const counted = `${differences.length} difference${differences.length === 1 ? '' : 's'}`
  console.log(`${counted} in ${runs} runs, ${agents} agents at block ${block}`)
  return differences.length === 0 ? 0 : DIFFERENT
}

process.once('SIGINT', () => {
  progress.line('Interrupted: the same command resumes from here')
  process.exit(INTERRUPTED)
})

try {
  const { values } = parseArgs({ options: { fresh: { type: 'boolean' }, help: { type: 'boolean' } } })
  if (values.help) console.log(HELP)
  else process.exitCode = await run(values.fresh ?? false)
} catch (error) {
  progress.line(reasonOf(error))
  process.exitCode = NOT_COMPARED
}
