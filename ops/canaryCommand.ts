// `npm run canary`: uses the API as an agent does, and exits with 1 if it does not work.
import { parseArgs } from 'node:util'
import { type Address, type PublicClient, parseEther } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { getAddresses, sendTransaction, writeContract } from 'viem/actions'
import { mockUsdcAbi } from '../abis/MockUSDC.ts'
import { DEVNET, marketOf, readDeployment } from '../core/deployment.ts'
import { parseEnv } from '../core/env.ts'
import { MIN_STAKE, REWARD_PER_FEE } from '../core/market/constants.ts'
import { createChainClient } from '../core/node/chainClient.ts'
import {
  type AnyId,
  createRunlineClient,
  type RunlineClient,
  type RunlineOptions,
  type Wallet,
} from '../packages/client/src/index.ts'
import { verifyReads } from '../packages/client/src/verify/index.ts'
import { runCommand } from './runCommand.ts'

const HELP = `npm run canary [-- --url <origin>] [--run <id>] [--agent <id>] [--read-only]

Uses the API as an agent does: reads its readiness and lists, asks whether an agent may claim a run, and compares the answers
with the contracts. On a devnet (chain ${DEVNET}) it also posts a run of its own and claims it with a signature of a new agent.

--url        the API; http://127.0.0.1:3000 if absent
--run        the run to ask for; the newest open one if absent
--agent      the agent to ask for; the first of the list if absent
--read-only  makes no claim on a devnet either

Prints a line for each step. Exit codes: 0 all of it works, 1 it does not; the last line says what.
Environment: CHAIN_ID, DEPLOYMENTS_DIR, RPC_URL.`

/** For how long a read is repeated. */
const READ_TIMEOUT_SECONDS = 5

/** Longer than the API waits for a claim's block. */
const CLAIM_TIMEOUT_SECONDS = 20

/** What the canary's own run pays: one USDC. */
const REWARD = 1_000_000n
const LIFETIME_SECONDS = 86_400n

/** For the gas of a few transactions. */
const GAS_WEI = parseEther('0.1')
const POLL_MS = 200

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

type Pair = { runId: AnyId; agentId: AnyId }

async function run(url: string, given: Partial<Pair>, isReadOnly: boolean) {
  const env = parseEnv(['CHAIN_ID', 'DEPLOYMENTS_DIR', 'RPC_URL'], process.env)
  const deployment = readDeployment(env.CHAIN_ID, env.DEPLOYMENTS_DIR)
  const node = createChainClient(env.RPC_URL[0], { cacheTime: 0, pollingInterval: POLL_MS })
  const market = marketOf(deployment)
  const clientOf = (options: Pick<RunlineOptions, 'wallet'> = {}) =>
    createRunlineClient({ url, market, timeoutSeconds: READ_TIMEOUT_SECONDS, ...options })
  // Each answer is compared with the contracts at the block that it names.
  const runline = verifyReads(clientOf(), { node, market })
  const checkEligibility = ({ runId, agentId }: Pair) =>
    step(
      'eligibility',
      () => runline.agents.canClaimRun(agentId, runId),
      ({ eligible, reasonCodes }) =>
        eligible ? 'eligible, as the contract says' : `not eligible, as the contract says: ${reasonCodes.join()}`,
    )
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
  if (pair) await checkEligibility(pair)
  if (env.CHAIN_ID !== DEVNET || isReadOnly) return
  const own = await step(
    'new run',
    async () => {
      const { agent, runId, blockNumber, signer } = await openOwnRun(node, deployment.contracts.USDC, clientOf)
      await runline.runs.get(runId, { minBlock: blockNumber })
      return { agentId: agent, runId, signer }
    },
    ({ runId, agentId }) => `run ${runId}, agent ${agentId}`,
  )
  await checkEligibility(own)
  await step(
    'claim',
    async () => {
      const { runId, agentId, signer } = own
      const options = { agentId, signer, timeoutSeconds: CLAIM_TIMEOUT_SECONDS }
      const { blockNumber } = await runline.runs.claim(runId, options)
      const { claimedByWallet } = await runline.runs.get(runId, { minBlock: blockNumber })
      if (claimedByWallet !== signer.address)
        throw new Error(`Run ${runId} does not show the claim of agent ${agentId}`)
    },
    () => `run ${own.runId} is claimed`,
  )
}

/** @throws if the API is not ready. */
async function readReadiness(url: string) {
  const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(1_000 * READ_TIMEOUT_SECONDS) })
  const text = await response.text()
  if (!response.ok) throw new Error(`GET /readyz answers ${response.status}: ${text}`)
  return JSON.parse(text) as { status: string; reasons: { code: string }[] }
}

/**
 * Posts a run, and registers an agent with stake, with two new wallets whose gas an unlocked account of the devnet's node pays.
 * @throws if the node has no such account, or a transaction reverts.
 */
async function openOwnRun(node: PublicClient, usdc: Address, clientOf: (by: { wallet: Wallet }) => RunlineClient) {
  const [rich] = await getAddresses(node)
  if (rich === undefined) throw new Error('The node has no unlocked account: only a devnet can have the signed claim')
  const sender = { account: rich, chain: null }

  async function newAccount(amount: bigint) {
    const account = privateKeyToAccount(generatePrivateKey())
    const hashes = [
      await sendTransaction(node, { ...sender, to: account.address, value: GAS_WEI }),
      await writeContract(node, {
        ...sender,
        abi: mockUsdcAbi,
        address: usdc,
        functionName: 'mint',
        args: [account.address, amount],
      }),
    ]
    for (const hash of hashes) await node.waitForTransactionReceipt({ hash })
    return { account, runline: clientOf({ wallet: { ...node, account } as unknown as Wallet }) }
  }

  const { account: signer, runline } = await newAccount(MIN_STAKE)
  const { agentId: agent } = await runline.agents.register('ipfs://canary')
  await runline.agents.stake(agent, MIN_STAKE)
  const poster = await newAccount(REWARD + REWARD / REWARD_PER_FEE)
  const deadline = (await node.getBlock()).timestamp + LIFETIME_SECONDS
  const { bountyId: runId, blockNumber } = await poster.runline.runs.post({
    ipfsHash: 'ipfs://canary',
    reward: REWARD,
    deadline,
  })
  return { agent, runId, blockNumber, signer }
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
