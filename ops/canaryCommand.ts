// `npm run canary`: reads the API as an agent does, and exits with 1 if it does not work.
import { parseArgs } from 'node:util'
import { marketOf, readDeployment } from '../core/deployment.ts'
import { parseEnv } from '../core/env.ts'
import { createChainClient } from '../core/node/chainClient.ts'
import { createRunlineClient } from '../packages/client/src/index.ts'
import { verifyReads } from '../packages/client/src/verify/index.ts'
import { runCommand } from './runCommand.ts'

const HELP = `npm run canary [-- --url <origin>] [--run <id>] [--agent <id>]

Reads the API as an agent does: its readiness and its lists, and whether an agent may claim a run. It compares the answers with
the contracts.

--url        the API; http://127.0.0.1:3000 if absent
--run        the run to ask for; the newest open one if absent
--agent      the agent to ask for; the first of the list if absent

Prints a line for each step. Exit codes: 0 all of it works, 1 it does not; the last line says what.
Environment: CHAIN_ID, DEPLOYMENTS_DIR, RPC_URL.`

/** For how long a read is repeated. */
const READ_TIMEOUT_SECONDS = 5

/** Runs a step, and prints its name, its duration and what it returns. */
async function step<Result>(name: string, run: () => Promise<Result>, describe: (result: Result) => string) {
  const start = performance.now()
  const print = (outcome: string, detail: string) =>
    console.log(
      `${outcome}  ${name.padEnd(12)} ${String(Math.round(performance.now() - start)).padStart(6)} ms  ${detail}`,
    )
  try {
    const result = await run()
    print('ok    ', describe(result))
    return result
  } catch (error) {
    print('failed', '')
    throw error
  }
}

async function read(url: string, given: { runId: bigint | undefined; agentId: bigint | undefined }) {
  const env = parseEnv(['CHAIN_ID', 'DEPLOYMENTS_DIR', 'RPC_URL'], process.env)
  const market = marketOf(readDeployment(env.CHAIN_ID, env.DEPLOYMENTS_DIR))
  const client = createRunlineClient({ url, market, timeoutSeconds: READ_TIMEOUT_SECONDS })
  // Each answer is compared with the contracts at the block that it names.
  const runline = verifyReads(client, { node: createChainClient(env.RPC_URL[0], { cacheTime: 0 }), market })
  await step(
    'readiness',
    () => readReadiness(url),
    ({ status, reasons }) => [status, ...reasons.map(({ code }) => code)].join(' '),
  )
  const pair = await step(
    'lists',
    async () => {
      const { runs } = await runline.runs.list({ state: 'OPEN', limit: 1 })
      const { agents } = await runline.agents.list({ limit: 1 })
      const runId = given.runId ?? runs[0]?.bountyId
      const agentId = given.agentId ?? agents[0]?.id
      return runId === undefined || agentId === undefined ? undefined : { runId, agentId }
    },
    (found) => (found ? `run ${found.runId}, agent ${found.agentId}` : 'no open run or no agent'),
  )
  if (!pair) return
  await step(
    'eligibility',
    () => runline.agents.canClaimRun(pair),
    ({ eligible, reasonCodes }) =>
      `${eligible ? 'eligible' : 'not eligible'}, as the contract says${eligible ? '' : `: ${reasonCodes.join()}`}`,
  )
}

/** @throws if the API is not ready. */
async function readReadiness(url: string) {
  const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(1_000 * READ_TIMEOUT_SECONDS) })
  const text = await response.text()
  if (!response.ok) throw new Error(`GET /readyz answers ${response.status}: ${text}`)
  return JSON.parse(text) as { status: string; reasons: { code: string }[] }
}

/** @throws if it is not an id. */
function parseId(name: string, text: string | undefined) {
  if (text !== undefined && !/^[1-9][0-9]{0,18}$/.test(text)) throw new Error(`--${name} must be an id, got ${text}`)
  return text === undefined ? undefined : BigInt(text)
}

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:3000' },
      run: { type: 'string' },
      agent: { type: 'string' },
      // It always reads only. Commands of before may still say so.
      'read-only': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(HELP)
  await read(values.url, { runId: parseId('run', values.run), agentId: parseId('agent', values.agent) })
})
