import { readFileSync } from 'node:fs'
import { getAddress, type Hex, isAddress, parseEther, parseGwei, parseUnits, zeroAddress } from 'viem'
import { z } from 'zod'

/** The most claims in a transaction: they take about half a block of 30 million gas. */
export const MAX_BATCH = 50

/** The longest reorg that the index follows by itself. What remembers blocks has room for it. */
export const MAX_REORG_WINDOW_SECONDS = 60

const url = (protocol: RegExp, example: string) => z.url({ protocol, error: `must be a URL such as ${example}` })
const integer = (min: number, max: number) => {
  const error = `must be an integer from ${min} to ${max}`
  return z.coerce.number(error).int(error).min(min, error).max(max, error)
}
const noShare = 'must be a number from 0 to 1'
const share = z.coerce.number(noShare).min(0, noShare).max(1, noShare)
const port = (fallback: number) => integer(0, 65_535).default(fallback)
const perTime = (fallback: number) => integer(1, 1_000_000).default(fallback)
/** An amount in the unit, parsed to wei. */
const amount = (unit: string, decimals: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9]{1,9}([.][0-9]{1,${decimals}})?$`), `must be an amount of ${unit}, such as 0.5`)
    .transform((value) => parseUnits(value, decimals))
/** A percentage, parsed to parts of a million. */
const percent = amount('percent', 4).refine((parts) => parts <= 1_000_000n, 'must be a percentage from 0 to 100')
const baseUnits = z
  .string()
  .regex(/^[0-9]{1,15}$/, 'must be an amount in USDC base units, such as 1000000 for 1 USDC')
  .transform(BigInt)
const postgresUrl = url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/database')
const endpoint = url(/^https?$/, 'http://127.0.0.1:8545')
const socketUrl = url(/^wss?$/, 'ws://127.0.0.1:8545')
const collector = url(/^https?$/, 'http://127.0.0.1:4318')
const commaSeparated = z.string().transform((list) => list.split(',').map((item) => item.trim()))
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const privateKey = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, 'must be 0x and 64 hexadecimal digits')
  .transform((key) => key as Hex)
const kmsKey = z.string().regex(/^[a-zA-Z0-9:/_-]{1,2048}$/, 'must be ids, ARNs or aliases of keys in AWS KMS')
const address = z
  .string()
  .refine(
    (value) => isAddress(value),
    'must be an address of 0x and 40 hexadecimal digits, with its checksum if mixed-case',
  )
  .refine((value) => value !== zeroAddress, 'must not be the zero address')
  .transform((value) => getAddress(value))

/** MIN_REWARD, and the largest MAX_REWARD, of the market's constructor. In USDC base units. */
const MIN_REWARD = 10_000n
const LARGEST_MAX_REWARD = 10n ** 15n
const maxReward = z
  .string()
  .regex(/^[0-9]{1,10}([.][0-9]{1,6})?$/, 'must be an amount of USDC, such as 1000')
  .transform((value) => parseUnits(value, 6))
  .refine(
    (value) => value >= MIN_REWARD && value <= LARGEST_MAX_REWARD,
    'must be from 0.01 to 1000000000, a billion USDC',
  )

/** What the relay sends beside claims: actions about runs that a party has signed. */
export const RUN_ACTIONS = ['start', 'submit', 'abandon', 'approve', 'revise', 'reject', 'close'] as const
/** What the relay sends beside these: posts of runs, registrations, stakes and unstakes that an account has signed. */
export const ACCOUNT_ACTIONS = ['post', 'register', 'stake', 'unstake'] as const
/** The calls that the contracts allow to anyone, which need no signature. */
export const OPEN_CALLS = ['finalize', 'expire', 'slash', 'reject-overdue', 'collect'] as const
const RELAYED_ACTIONS = [...RUN_ACTIONS, ...ACCOUNT_ACTIONS, ...OPEN_CALLS] as const
const noAction = `must be none, or some of ${RELAYED_ACTIONS.join()}`

/** The settings that the API reads. */
const apiEnvironment = z.object({
  DATABASE_URL: postgresUrl,
  /** Read replicas. */
  DATABASE_READ_URL: commaSeparated
    .pipe(z.array(postgresUrl))
    .refine((urls) => new Set(urls).size === urls.length, 'must not name a replica twice')
    .optional(),
  /** The most connections that read at once. */
  DATABASE_READ_CONNECTIONS: integer(1, 100).optional(),
  /** The schema of the views that the indexer keeps for readers. */
  DATABASE_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,44}$/, 'must be a lower-case identifier of at most 45 characters')
    .default('runline'),
  CHAIN_ID: integer(1, Number.MAX_SAFE_INTEGER).default(31337),
  /** The directory of the deployments, `<chainId>.json`. A devnet has its own. */
  DEPLOYMENTS_DIR: z.string().default('deployments'),
  /** The endpoints of the chain, the preferred one first. */
  RPC_URL: commaSeparated
    .pipe(z.tuple([endpoint], endpoint))
    .refine((urls) => new Set(urls).size === urls.length, 'must not name an endpoint twice')
    .default(['http://127.0.0.1:8545']),
  /** Whether this process relays, where keys are set. One that does not only reads. */
  RELAY: z.enum(['on', 'off'], 'must be on or off').default('on'),
  RELAYER_PRIVATE_KEY: commaSeparated.pipe(z.array(privateKey).min(1)).optional(),
  /** Ids, ARNs or aliases of keys in AWS KMS. Not secret: only the credentials allow their use. */
  RELAYER_KMS_KEYS: commaSeparated.pipe(z.array(kmsKey).min(1)).optional(),
  ALLOW_UNSIGNED_CLAIMS: z.stringbool('must be true or false').optional(),
  /** The most that each relayer key may spend on gas within 24 hours. In ether, parsed to wei. */
  DAILY_GAS_BUDGET: amount('ether', 18).default(parseEther('1')),
  /** Which actions are relayed. */
  RELAY_ACTIONS: commaSeparated
    .transform((names) => (names.join() === 'none' ? [] : names))
    .pipe(z.array(z.enum(RELAYED_ACTIONS, noAction)))
    .default([...RELAYED_ACTIONS]),
  /** The smallest reward of a run whose claims and actions are relayed. In USDC base units. */
  MIN_RELAYED_REWARD: baseUnits.default(0n),
  /** The smallest reward of a run whose post is relayed: its poster gets all back. In USDC base units. */
  MIN_RELAYED_POST: baseUnits.default(1_000_000n),
  /** The most of the budgets of all keys that claims may cost within a day, in percent: for a wallet, an agent, a poster. */
  WALLET_BUDGET_PERCENT: percent.default(10_000n),
  AGENT_BUDGET_PERCENT: percent.default(10_000n),
  POSTER_BUDGET_PERCENT: percent.default(100_000n),
  /** The same for all agents that have paid too little for their claims. */
  NEWCOMERS_BUDGET_PERCENT: percent.default(500_000n),
  /** The same for posts, closes and expiries; for registrations, stakes and unstakes; for other calls for anyone. */
  POSTS_BUDGET_PERCENT: percent.default(100_000n),
  REGISTRATIONS_BUDGET_PERCENT: percent.default(100_000n),
  ANYONE_BUDGET_PERCENT: percent.default(100_000n),
  /** What an agent may cost beyond those of newcomers, for each USDC of fees that its completed runs have paid. */
  FEE_BUDGET_PERCENT: percent.default(10_000n),
  /** The most that a transaction may offer per gas. In gwei, parsed to wei. */
  MAX_FEE_GWEI: amount('gwei', 9).default(parseGwei('200')),
  /** How many nonces of a relayer key other programs may have used before the node's counts are implausible. */
  FOREIGN_NONCES: integer(0, 1_000_000).default(16),
  /** How often the node is asked for the latest block while a claim waits. A paid node charges for each request. */
  HEAD_INTERVAL_MS: integer(10, 10_000).default(50),
  /** How often the keeper checks for unsettled transactions when no event triggers it. */
  KEEPER_INTERVAL_MS: integer(100, 60_000).default(1_000),
  /** Longer than a run with all its revisions. At least two days, because limits and budgets count the last day. */
  RELAY_RETENTION_DAYS: integer(2, 36_500).default(90),
  MAX_BATCH: integer(1, MAX_BATCH).default(MAX_BATCH),
  /**
   * Geth never drops 16 transactions of one sender, and with up to 50 claims in each they fill several blocks. More only
   * if the node's pool keeps more of one sender, else they must be resent.
   */
  MAX_UNMINED: integer(1, 1_024).default(16),
  /** How many proxies in front of the API are the operator's own and append to X-Forwarded-For. */
  TRUST_PROXY: integer(0, 16).default(0),
  /** Per address, without requests that the response cache answers: 50 a second, for some hundred agents behind one NAT. */
  REQUESTS_PER_MINUTE: perTime(3_000),
  /** Per address, for many agents or readers behind one NAT. */
  STREAMS_PER_CLIENT: z.coerce.number().int().min(1).max(1_000_000).default(100),
  /** Each takes a connection, some 20 kB of memory, and a part of the time in which a block is sent to all. */
  MAX_STREAMS: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  /** Streams among them. A connection beyond it is closed at once, so keep it above what proxies and readers open. */
  MAX_CONNECTIONS: integer(10, 1_000_000).default(20_000),
  /** Per address: ten a second, more than orchestrators and load balancers send. Refusals are delayed. */
  PROBES_PER_MINUTE: perTime(600),
  /** Per address: a hundred agents behind one NAT that try 30 runs each. A claim costs the node about six calls. */
  CLAIMS_PER_MINUTE: perTime(3_000),
  /** Transactions per wallet, from any client: more runs than an agent can work on, and few enough to stop a flood. */
  WALLET_CLAIMS_PER_MINUTE: perTime(600),
  /** Bounds the gas that one wallet costs the relayer: a run may be worth so little that its claim locks no stake. */
  WALLET_CLAIMS_PER_DAY: perTime(10_000),
  /** The most content that is stored, in MB. 0 stores none. */
  CONTENT_MB: integer(0, 1_000_000).default(1_024),
  /** How much of it an address may post within a day, in kB. What a run names counts a tenth. */
  CONTENT_KB_PER_DAY: integer(1, 1_000_000_000).default(1_000),
  /** A block explorer, to which the board links transactions. Without a slash at its end. */
  EXPLORER_URL: url(/^https?$/, 'https://basescan.org')
    .transform((value) => value.replace(/\/+$/, ''))
    .optional(),
  PORT: port(3000),
  /** The operator's port, with signers and metrics. */
  OPS_PORT: port(9464),
  OPS_HOST: z.string().default('127.0.0.1'),
  /**
   * How long the index may be behind the chain without indexing a block. Then readiness and log report it, and the
   * indexer exits so that it is restarted.
   */
  STALL_SECONDS: integer(1, Number.MAX_SAFE_INTEGER).default(60),
  /** How old answers may be, by the chain's blocks that they lack. Older ones make a process unready. */
  MAX_LAG_SECONDS: integer(1, Number.MAX_SAFE_INTEGER).default(30),
  /** How long the chain may be without a new block. 0 for a chain that makes blocks only for transactions. */
  CHAIN_STOPPED_SECONDS: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  /** The collector of traces, parsed to the URL that takes them. No traces without one. */
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.transform(tracesUrl).optional(),
  /** The URL that takes traces, if it is not the collector's usual one. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.optional(),
  /** The part of the traces that is recorded, where the request has no `traceparent` that decides. */
  OTEL_TRACES_SAMPLER_ARG: share.default(1),
  LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
})

export const apiSettings = apiEnvironment.keyof().options

/** All environment variables. Each process reads those that it names to `readEnv`, and nothing else reads any. */
const environment = apiEnvironment.extend({
  /** How often the indexer asks the node for new blocks. Ponder refuses less than 100 ms. */
  POLL_INTERVAL_MS: integer(100, 60_000).optional(),
  /** Where the indexer subscribes to new heads. They are hints: it polls RPC_URL as well. */
  WS_URL: socketUrl.optional(),
  /** The index follows a reorg by itself if the blocks that it removes were made within so many seconds. */
  REORG_WINDOW_SECONDS: integer(5, MAX_REORG_WINDOW_SECONDS).default(MAX_REORG_WINDOW_SECONDS),
  /** The most requests that the indexer makes per second. */
  RPC_REQUESTS_PER_SECOND: integer(5, 500).optional(),
  /** Blocks in one `eth_getLogs`. Ponder finds it by the errors of common providers. */
  LOGS_RANGE: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  PONDER_PORT: port(42069),
  /** The address on which the indexer's port listens. */
  PONDER_HOST: z.string().default('127.0.0.1'),
  /** The metrics of an audit that runs by a timer. */
  AUDIT_PORT: port(9465),
  /** The address on which that port listens. */
  AUDIT_HOST: z.string().default('127.0.0.1'),
  ANVIL_PORT: port(8545),
  POSTGRES_PORT: port(0),
  DEPLOYER_PRIVATE_KEY: privateKey,
  TREASURY: address,
  OWNER: address,
  /** The largest reward of a run, in whole USDC; parsed to base units. */
  MAX_REWARD: maxReward.default(LARGEST_MAX_REWARD),
  USDC_ADDRESS: address.optional(),
  AGENT_REGISTRY_ADDRESS: address.optional(),
  /** Whether an indexer that starts after a reorg deeper than finality removes the orphaned branch's rows itself. */
  RECOVER_REORGS: z.stringbool('must be true or false').default(false),
})

export const allSettings = environment.keyof().options

/** As the OpenTelemetry specification says, the path is added to that of the collector. */
function tracesUrl(base: string): string {
  const traces = new URL(base)
  traces.pathname = `${traces.pathname.replace(/\/$/, '')}/v1/traces`
  return traces.href
}

type Environment = z.infer<typeof environment>

/**
 * Variables whose values may contain a key or a password. No error shows them, and each may be in a file instead, which
 * the variable with `_FILE` names, as Docker, Kubernetes and systemd mount secrets.
 */
const secret = /KEY$|URL$|ENDPOINT$/

/**
 * Reads the named variables of this process. If one is invalid, it prints which and why, and the process ends with 1.
 * An empty variable counts as absent.
 */
export function readEnv<const Name extends keyof Environment>(names: readonly Name[]): Pick<Environment, Name> {
  try {
    return parseEnv(names, process.env)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(1)
  }
}

/** The variable's value, or the content of its file without the line break at its end. */
function readVariable(name: string, source: Record<string, string | undefined>): string | undefined {
  const file = secret.test(name) && source[`${name}_FILE`]
  if (!file) return source[name] || undefined
  if (source[name]) throw new Error(`${name} and ${name}_FILE are both set. Remove one of them.`)
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Error(`${name}_FILE: cannot read ${JSON.stringify(file)}: ${(error as Error).message}`)
  }
}

/**
 * `readEnv`, for other variables than those of this process.
 * @throws an error with a line for each invalid variable: its value, unless that may be secret, and what is allowed.
 */
export function parseEnv<const Name extends keyof Environment>(
  names: readonly Name[],
  source: Record<string, string | undefined>,
): Pick<Environment, Name> {
  const present = Object.fromEntries(names.map((name) => [name, readVariable(name, source)]))
  const mask = Object.fromEntries(names.map((name) => [name, true])) as Record<Name, true>
  const parsed = environment.pick(mask as never).safeParse(present)
  if (parsed.success) return parsed.data as Pick<Environment, Name>
  const lines = parsed.error.issues.map(({ path: [name], message }) => {
    const value = present[String(name)]
    if (value === undefined) return `  ${String(name)}: is missing`
    return `  ${String(name)}: ${message}${secret.test(String(name)) ? '' : `, got ${JSON.stringify(value)}`}`
  })
  throw new Error(`The environment is not usable. Correct these variables:\n${lines.join('\n')}`)
}
