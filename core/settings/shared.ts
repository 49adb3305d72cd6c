import { z } from 'zod'
import { commaSeparated, endpoint, integer, postgresUrl } from './formats.ts'

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** What indexer and API read. */
export const sharedSettings = z.object({
  DATABASE_URL: postgresUrl.describe('PostgreSQL, the primary. A database has one chain. `npm run dev` starts its own'),
  DATABASE_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,44}$/, 'must be a lower-case identifier of at most 45 characters')
    .default('runline')
    .describe(
      'The schema that readers use. Views of yours in it stay, also those that read ours, as long as the columns that ours have do not change in name, type or order',
    ),
  CHAIN_ID: integer(1, Number.MAX_SAFE_INTEGER).default(31337).describe('The chain'),
  DEPLOYMENTS_DIR: z.string().default('deployments').describe('Where `<chain id>.json` is. A devnet has its own'),
  RPC_URL: commaSeparated
    .pipe(z.tuple([endpoint], endpoint))
    .refine((urls) => new Set(urls).size === urls.length, 'must not name an endpoint twice')
    .prefault('http://127.0.0.1:8545')
    .describe(
      "The chain's endpoints, comma-separated, yours first: [several endpoints](operations.md#several-endpoints)",
    ),
  STALL_SECONDS: integer(1, Number.MAX_SAFE_INTEGER)
    .default(60)
    .describe('How long the index may be behind the chain without progress: [a stall](operations.md#a-stall)'),
  LOG_LEVEL: z
    .enum(logLevels, `must be one of ${logLevels.join(', ')}`)
    .default('info')
    .describe(logLevels.map((level) => `\`${level}\``).join(', ')),
})
