// `npm run dev`: the whole market on this machine, until Ctrl-C, SIGTERM or the end of any of its processes. With
// `-- --block-time 0.2` the chain makes a block in each 0.2 seconds, as Base does.
import { parseArgs } from 'node:util'
import { prettyFactory } from 'pino-pretty'
import { readEnv } from '../../core/env.ts'
import { banner } from './banner.ts'
import { startDevnet } from './devnet.ts'
import { stopAllProcesses } from './managedProcess.ts'

const usage = `npm run dev [-- --block-time SECONDS]

Starts the whole market on this machine: a chain, PostgreSQL, the indexer, the API and its board, with a demo market.

  --block-time SECONDS   seconds from block to block, 0.1 to 60; 1 by default
  --help                 this text

PORT, ANVIL_PORT, POSTGRES_PORT, PONDER_PORT and OPS_PORT set the ports of the API, the chain, PostgreSQL, the indexer and the operator's
endpoints. DATABASE_URL names a PostgreSQL server that is used in place of its own. docs/settings.md has all settings.`

if (process.argv.includes('--help')) {
  console.log(usage)
  process.exit()
}

const start = performance.now()
const progress = (line: string) => console.log(`${seconds().padStart(5)} s  ${line}`)
const seconds = () => ((performance.now() - start) / 1000).toFixed(1)

const interrupted = Promise.withResolvers<string>()
const broken = Promise.withResolvers<never>()
const ending = new AsyncDisposableStack()
let exitCode = 0
let isUp = false

const format = prettyFactory({
  colorize: process.stdout.isTTY,
  singleLine: true,
  ignore: 'time,pid,hostname',
  minimumLevel: 'info',
})
/** Lines that are not shown: they come with every block or every thirty, or a claim has another line once it is answered. */
const hidden = /"msg":"((Indexed|Finalized) block"|claim (requested|reserved|sent|decided|final)")/

// `on`, not `once`: a Ctrl-C in a terminal arrives twice, once through npm.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupted.resolve)

try {
  const signal = await Promise.race([interrupted.promise, broken.promise, run()])
  console.log(`\n${signal}: ending all processes`)
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`)
  exitCode = 1
}
await stopAllProcesses()
await ending.disposeAsync()
console.log('All processes have ended')
process.exit(exitCode)

function show(source: 'indexer' | 'api', line: string) {
  // During the start the processes log that the others do not answer yet. One that fails to start shows its output.
  if (!isUp || hidden.test(line)) return
  const text = format(line)
  if (text) process.stdout.write(`${source.padEnd(7)} | ${text}`)
}

/** Seconds from block to block. */
function readBlockTime(): number {
  const { values } = parseArgs({ options: { 'block-time': { type: 'string', default: '1' } } })
  const seconds = Number(values['block-time'])
  if (seconds >= 0.1 && seconds <= 60) return seconds
  throw new Error(`--block-time is '${values['block-time']}': it must be a number of seconds from 0.1 to 60`)
}

async function run(): Promise<never> {
  const blockTime = readBlockTime()
  const { ANVIL_PORT, POSTGRES_PORT, PONDER_PORT, PORT, ...env } = readEnv([
    'ANVIL_PORT',
    'POSTGRES_PORT',
    'PONDER_PORT',
    'PORT',
    'DATABASE_SCHEMA',
    'DEPLOYMENTS_DIR',
  ])
  // A free port by default, unlike the API's own default, so that a second devnet on this machine need not set it.
  const { OPS_PORT } = process.env.OPS_PORT ? readEnv(['OPS_PORT']) : { OPS_PORT: 0 }
  const devnet = await startDevnet({
    ports: { ANVIL_PORT, POSTGRES_PORT, PONDER_PORT, PORT, OPS_PORT },
    serverUrl: process.env.DATABASE_URL ? readEnv(['DATABASE_URL']).DATABASE_URL : undefined,
    schema: env.DATABASE_SCHEMA,
    deploymentsDirectory: env.DEPLOYMENTS_DIR,
    blockTime,
    ending,
    onProgress: progress,
    onLine: show,
    onEnd: broken.reject,
  })
  const text = await banner(devnet)
  progress('Ready')
  console.log(text)
  isUp = true
  return new Promise(() => {})
}
