// `npm run audit`: compares what the API serves with the chain. What an operator runs after an incident.
// Exits with 0 where they are equal, 1 where they differ, 2 where they could not be compared.
import { parseArgs } from 'node:util'
import { drizzle } from 'drizzle-orm/node-postgres'
import { pino } from 'pino'
import { BaseError, createPublicClient, http } from 'viem'
import { readDeployment } from '../src/api/deployment.ts'
import { readEnv } from '../src/api/env.ts'
import { IndexReader } from '../src/api/queries/indexReader.ts'
import { openReadPool } from '../src/api/readPool.ts'
import { formatDifference } from './audit/difference.ts'
import type { Audited } from './audit/oneBlock.ts'
import { auditPages } from './audit/pages.ts'

const DIFFERENT = 1
const NOT_COMPARED = 2

/** The ids with which to go on, also after a failure. */
const reached = { runs: 1n, agents: 0n }

async function run(): Promise<boolean> {
  const { values } = parseArgs({
    options: { 'from-run': { type: 'string' }, 'from-agent': { type: 'string' } },
  })
  reached.runs = idOf('--from-run', values['from-run'], reached.runs)
  reached.agents = idOf('--from-agent', values['from-agent'], reached.agents)
  const env = readEnv(['DATABASE_URL', 'DATABASE_SCHEMA', 'CHAIN_ID', 'DEPLOYMENTS_DIR', 'RPC_URL', 'LOG_LEVEL'])
  const deployment = readDeployment(env.CHAIN_ID, env.DEPLOYMENTS_DIR)
  const client = createPublicClient({ transport: http(env.RPC_URL) })
  const chainId = await client.getChainId()
  if (chainId !== deployment.chainId) {
    throw new Error(`CHAIN_ID is ${deployment.chainId}, but RPC_URL serves chain ${chainId}`)
  }
  const logger = pino({ level: env.LOG_LEVEL }, process.stderr)
  const pool = openReadPool({ url: env.DATABASE_URL, schema: env.DATABASE_SCHEMA, logger })
  try {
    const index = new IndexReader(drizzle(pool, { casing: 'snake_case' }), deployment.chainId, { clock: () => 0 })
    return await compareAll({ index, client, deployment })
  } finally {
    await pool.end()
  }
}

/** @returns whether index and chain are equal. */
async function compareAll(audited: Audited) {
  const compared = { runs: 0, agents: 0 }
  const blocks: bigint[] = []
  let differences = 0
  for (const kind of ['runs', 'agents'] as const) {
    for await (const page of auditPages(audited, kind, reached[kind])) {
      for (const difference of page.differences) console.log(formatDifference(difference))
      differences += page.differences.length
      compared[kind] += page.compared
      blocks.push(page.block)
      if (page.next !== undefined) reached[kind] = page.next
      console.error(`Compared ${compared.runs} runs, ${compared.agents} agents`)
    }
  }
  const [first, last] = [blocks[0], blocks.at(-1)]
  const where = first === last ? `block ${last}` : `blocks ${first} to ${last}`
  const counted = `${differences} difference${differences === 1 ? '' : 's'}`
  console.log(`${counted} in ${compared.runs} runs, ${compared.agents} agents at ${where}`)
  return differences === 0
}

function idOf(option: string, text: string | undefined, otherwise: bigint) {
  if (text === undefined) return otherwise
  if (!/^\d{1,78}$/.test(text)) throw new Error(`${option} must be an id, got ${text}`)
  return BigInt(text)
}

try {
  process.exitCode = (await run()) ? 0 : DIFFERENT
} catch (error) {
  // The whole message of viem's errors lists every call.
  const message = error instanceof BaseError ? `${error.shortMessage} ${error.details}` : undefined
  console.error(message ?? (error instanceof Error ? error.message : error))
  console.error(`To go on: --from-run ${reached.runs} --from-agent ${reached.agents}`)
  process.exitCode = NOT_COMPARED
}
