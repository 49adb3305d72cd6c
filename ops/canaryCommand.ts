// `npm run canary`: uses the API as an agent does, and exits with 1 if it does not work.
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { DEVNET, readDeployment } from '../core/deployment.ts'
import { parseEnv } from '../core/env.ts'
import { createChainClient } from '../core/node/chainClient.ts'
import { createApi } from './canary/api.ts'
import { claimRun } from './canary/claim.ts'
import { checkEligibility, choosePair } from './canary/eligibility.ts'
import { openOwnRun } from './canary/ownRun.ts'
import { runCommand } from './runCommand.ts'

const HELP = `npm run canary [-- --url <origin>] [--run <id>] [--agent <id>] [--read-only]

Uses the API as an agent does: reads its readiness and lists, asks whether an agent may claim a run, and compares the answer
with the contract's. On a devnet (chain ${DEVNET}) it also posts a run of its own and claims it with a signature of a new agent.

--url        the API; http://127.0.0.1:3000 if absent
--run        the run to ask for; the newest open one if absent
--agent      the agent to ask for; the first of the list if absent
--read-only  makes no claim on a devnet either

Prints a line for each step. Exit codes: 0 all of it works, 1 it does not; the last line says what.
Environment: CHAIN_ID, DEPLOYMENTS_DIR, RPC_URL.`

const readiness = z.object({ status: z.string(), reasons: z.array(z.object({ code: z.string() })) })

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

async function run(url: string, given: { runId?: bigint; agentId?: bigint }, isReadOnly: boolean) {
  const env = parseEnv(['CHAIN_ID', 'DEPLOYMENTS_DIR', 'RPC_URL'], process.env)
  const deployment = readDeployment(env.CHAIN_ID, env.DEPLOYMENTS_DIR)
  const chain = createChainClient(env.RPC_URL[0], { cacheTime: 0 })
  const api = createApi(url)
  await step(
    'readiness',
    () => api.get('/readyz', readiness),
    ({ status, reasons }) => [status, ...reasons.map(({ code }) => code)].join(' '),
  )
  const pair = await step(
    'lists',
    () => choosePair(api, given),
    (found) => (found ? `run ${found.runId}, agent ${found.agentId}` : 'no open run or no agent'),
  )
  const isEligible = ({ eligible, reasonCodes }: Awaited<ReturnType<typeof checkEligibility>>) =>
    eligible ? 'eligible, as the contract says' : `not eligible, as the contract says: ${reasonCodes.join()}`
  if (pair) await step('eligibility', () => checkEligibility(api, chain, deployment, pair), isEligible)
  if (env.CHAIN_ID !== DEVNET || isReadOnly) return
  const own = await step(
    'new run',
    () => openOwnRun(chain, deployment, api),
    ({ runId, agentId }) => `run ${runId}, agent ${agentId}`,
  )
  await step('eligibility', () => checkEligibility(api, chain, deployment, own), isEligible)
  await step(
    'claim',
    () => claimRun(chain, deployment, api, own),
    () => `run ${own.runId} is claimed`,
  )
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
      'read-only': { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(HELP)
  const runId = parseId('run', values.run)
  const agentId = parseId('agent', values.agent)
  const given = { ...(runId !== undefined && { runId }), ...(agentId !== undefined && { agentId }) }
  await run(values.url, given, values['read-only'])
})
