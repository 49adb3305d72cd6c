// `npm run rehearse`: the whole life of a market on a rollup as Base Sepolia is one, by the commands and the settings of
// production. `BLOCK_TIME_SECONDS=0.2 npm run rehearse` has five blocks a second.
import { setTimeout as sleep } from 'node:timers/promises'
import { formatGwei } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readDeployment } from '../../../core/deployment.ts'
import { chains } from '../../../ops/deployment/chains.ts'
import { accountCount, accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'
import { type Api, productionLimits, startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { mineBlocks } from '../../../tools/devnet/mineBlocks.ts'
import { auditOnce } from '../../support/auditOnce.ts'
import { deployCircleUsdc } from '../../support/circleUsdc.ts'
import { contractsOf } from '../../support/contracts.ts'
import { freshDatabase } from '../../support/database.ts'
import { runDeploy } from '../../support/deployCommand.ts'
import { setL1Prices } from '../../support/l1Prices.ts'
import { mineHistory } from '../../support/mineHistory.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { answerAsRollup } from '../../support/rollupNode.ts'
import { startRpcProxy } from '../../support/rpcProxy.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'

const chainId = 84_532
/** Seconds. */
const BLOCK_TIME = Number(process.env.BLOCK_TIME_SECONDS || 2)
const STOPPED = 10
/** Of blocks at that pace before the processes start, which measure it. The preparations move the clock by less. */
const HISTORY = 80
const PREPARATIONS = 300
/** How long the sequencer stops; as long as it takes to be noticed if absent. */
const OUTAGE = Number(process.env.OUTAGE_SECONDS || 0)

const relayer = accountOf(roles.relayer).address
const polling = { timeout: 30_000, interval: 200 }

let settings: Record<'DATABASE_URL' | 'CHAIN_ID' | 'RPC_URL' | 'DEPLOYMENTS_DIR', string>
let contracts: ReturnType<typeof contractsOf>
let people: Participants
let agent: Agent
let other: Agent
let runs: bigint[]
/** Of the relayer before its first claim, in wei. */
let initialBalance: bigint
let api: Api
let claims: ReturnType<typeof claimApi>
const claimIds: string[] = []

/** What each step took and cost, which the end prints. */
const steps: { name: string; seconds: number; relay: bigint; others: bigint }[] = []

/** What the relay has, and all other accounts, in wei. */
async function balancesOf({ client }: Pick<typeof contracts, 'client'>) {
  const all = Array.from({ length: accountCount }, (_, place) => accountOf(place).address)
  const balances = await Promise.all(all.map((address) => client.getBalance({ address })))
  const sum = balances.reduce((total, balance) => total + balance, 0n)
  const relay = balances[roles.relayer] ?? 0n
  return { relay, others: sum - relay }
}

/** Runs a step, and notes its cost. */
async function note(name: string, chain: Pick<typeof contracts, 'client'>, run: () => Promise<void>) {
  const start = performance.now()
  const before = await balancesOf(chain)
  await run()
  const { relay, others } = await balancesOf(chain)
  const seconds = (performance.now() - start) / 1_000
  steps.push({ name, seconds, relay: before.relay - relay, others: before.others - others })
}

const step = (name: string, run: () => Promise<void>, options = {}) =>
  it(name, options, () => note(name, contracts, run))

afterAll(() => {
  const rows = steps.map(({ name, seconds, relay, others }) => [
    name,
    seconds.toFixed(1),
    Number(formatGwei(relay)).toFixed(0),
    Number(formatGwei(others)).toFixed(0),
  ])
  const table = [['What it played', 'seconds', 'relay, gwei', 'others, gwei'], ...rows]
  console.log(
    table.map(([name = '', ...cells]) => name.padEnd(96) + cells.map((cell) => cell.padStart(14)).join('')).join('\n'),
  )
})

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  const timestamp = Math.floor(Date.now() / 1_000) - HISTORY - PREPARATIONS
  const anvil = await startAnvil({ chainId, timestamp, accounts: accountCount, flags: ['--network', 'optimism'] })
  parts.defer(anvil.stop)
  const node = await startRpcProxy(anvil.rpcUrl, answerAsRollup(anvil.rpcUrl))
  parts.defer(node.stop)
  const deployments = await temporaryDirectory()
  parts.defer(deployments.remove)
  await setL1Prices(anvil.rpcUrl, { base: '20', blob: '5' })
  settings = {
    DATABASE_URL: await freshDatabase(),
    CHAIN_ID: String(chainId),
    RPC_URL: node.url,
    DEPLOYMENTS_DIR: deployments.path,
  }
  const accounts = {
    DEPLOYER_PRIVATE_KEY: keyOf(roles.deployer),
    TREASURY: accountOf(roles.treasury).address,
    OWNER: accountOf(3).address,
  }
  await deployCircleUsdc(anvil.rpcUrl, chains[chainId]?.known?.USDC)
  await note('deploys the contracts', { client: createAnvilClient(anvil.rpcUrl) }, async () => {
    const { exitCode, stdout, stderr } = await runDeploy(['--chain', String(chainId), '--own-registry', '--yes'], {
      ...settings,
      ...accounts,
    })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^Total .* to L1/m)
  })

  const deployment = readDeployment(chainId, deployments.path)
  contracts = contractsOf({ rpcUrl: anvil.rpcUrl, deployment })
  people = participantsOf({ ...contracts, deployment })
  agent = await people.newAgent(accountOf(4), 200n * usdc)
  other = await people.newAgent(accountOf(5), 200n * usdc)
  runs = [await people.openRun(), await people.openRun(), await people.openRun(), await people.openRun()]
  initialBalance = await contracts.client.getBalance({ address: relayer })
  // Blocks at a rollup's pace only now, so that the preparations are quick.
  await contracts.client.setAutomine(false)
  await mineHistory(contracts.client, { seconds: HISTORY, blockTime: BLOCK_TIME })
  continueSequencer()
  parts.defer(stopSequencer)

  const connections = { databaseUrl: settings.DATABASE_URL, chainId, rpcUrl: node.url }
  const indexer = await startIndexer({ ...connections, deploymentsDirectory: deployments.path })
  parts.defer(indexer.stop)
  api = await startApi({
    ...connections,
    deploymentsDirectory: deployments.path,
    relayerKey: keyOf(roles.relayer),
    env: { ...productionLimits, CHAIN_STOPPED_SECONDS: String(STOPPED) },
  })
  parts.defer(api.stop)
  claims = claimApi(api.url)
  await waitForIndex(settings.DATABASE_URL, await contracts.client.getBlockNumber(), 30_000)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 90_000)

const run = (place: number) => runs[place] as bigint

async function claim(runId: bigint, by: Agent, signed: object, headers: Record<string, string> = {}) {
  const answer = await claims.claim(runId, by, signed as Record<string, unknown>, headers)
  const { claimId } = answer.body
  if (claimId && !claimIds.includes(claimId)) claimIds.push(claimId)
  return answer
}

async function codes() {
  const { reasons } = (await (await fetch(`${api.url}/readyz`)).json()) as { reasons: { code: string }[] }
  return reasons.map(({ code }) => code)
}

async function deliver(runId: bigint) {
  const account = agent.wallet.address
  await people.mined(() => contracts.market.write.startWork([runId], { account }))
  await people.mined(() => contracts.market.write.submitWork([runId, 'ipfs://work'], { account }))
}

const balance = () => contracts.usdc.read.balanceOf([agent.wallet.address])

let sequencer: ReturnType<typeof mineBlocks> | undefined
function continueSequencer() {
  sequencer = mineBlocks(contracts.client, 1_000 * BLOCK_TIME)
}
async function stopSequencer() {
  await sequencer?.stop()
  sequencer = undefined
}

step('refuses a claim without a signature', async () => {
  expect(codeOf(await claim(run(0), agent, {}))).toEqual([401, 'SIGNATURE_REQUIRED'])
})

step('takes a run from its claim to its payment', async () => {
  const won = await claim(run(0), agent, await people.sign(run(0), agent))
  expect(won).toMatchObject({ status: 200, body: { run: { state: 'CLAIMED', claimedBy: Number(agent.id) } } })
  await deliver(run(0))
  const before = await balance()
  const { blockNumber } = await people.mined(() => contracts.market.write.approveWork([run(0), 0]))
  expect((await claims.get(`/api/runs/${run(0)}?minBlock=${blockNumber}`)).body).toMatchObject({ state: 'APPROVED' })
  expect((await balance()) - before).toBe(100n * usdc)
})

step(
  'answers reads and keeps a claim while the sequencer stops',
  async () => {
    const deadline = (await people.now()) + BigInt(OUTAGE + 600)
    const signed = await people.sign(run(1), agent, { deadline })
    await stopSequencer()
    const end = performance.now() + 1_000 * OUTAGE
    const pending = await claim(run(1), agent, signed, { Prefer: 'wait=3' })
    expect(pending).toMatchObject({ status: 202, body: { status: 'accepted' } })
    await expect.poll(codes, polling).toEqual(['CHAIN_STOPPED'])
    await sleep(Math.max(0, end - performance.now()))
    expect(await codes()).toContain('CHAIN_STOPPED')
    expect((await claims.get(`/api/runs/${run(1)}`)).body).toMatchObject({ state: 'OPEN' })
    continueSequencer()
    expect(await claim(run(1), agent, signed)).toMatchObject({ status: 200, body: { claimId: pending.body.claimId } })
    await expect.poll(codes, polling).toEqual([])
  },
  { timeout: (OUTAGE + 60) * 1_000 },
)

step('refuses a claim whose signature expires in a jump of the chain’s clock, and the run stays open', async () => {
  const early = await people.sign(run(2), agent)
  const late = await people.sign(run(3), agent)
  await stopSequencer()
  const pending = await claim(run(2), agent, early, { Prefer: 'wait=1' })
  expect(pending.status).toBe(202)
  await contracts.client.increaseTime({ seconds: 3_600 })
  continueSequencer()
  expect(codeOf(await claim(run(2), agent, early))).toEqual([401, 'SIGNATURE_EXPIRED'])
  expect(codeOf(await claim(run(3), agent, late))).toEqual([401, 'SIGNATURE_EXPIRED'])

  expect((await claim(run(2), other, await people.sign(run(2), other))).status).toBe(200)
  expect((await claim(run(3), agent, await people.sign(run(3), agent))).status).toBe(200)
})

step('owes what Circle’s USDC refuses to pay, until it can be collected', async () => {
  const { market, usdc: token } = contracts
  const account = agent.wallet.address
  await deliver(run(1))
  await people.mined(() => token.write.blacklist([account]))
  const before = await balance()
  await people.mined(() => market.write.approveWork([run(1), 0]))
  expect([await market.read.owed([account]), await balance()]).toEqual([100n * usdc, before])
  await people.mined(() => token.write.unBlacklist([account]))
  await people.mined(() => market.write.collect([account]))
  expect([await market.read.owed([account]), await balance()]).toEqual([0n, before + 100n * usdc])
})

step('loses no claim, and counts all that the relayer paid', async () => {
  expect(claimIds).toHaveLength(5)
  // Finality is 64 blocks behind.
  await contracts.client.mine({ blocks: 70 })
  const states = () => Promise.all(claimIds.map(async (id) => (await claims.get(`/api/claims/${id}`)).body.state))
  await expect.poll(states, polling).toEqual(['final', 'final', 'refused', 'final', 'final'])
  const status = await (await fetch(`${api.opsUrl}/status`)).json()
  const paid = initialBalance - (await contracts.client.getBalance({ address: relayer }))
  expect(status).toMatchObject({ status: 'ready', signers: [{ spent: String(paid), unmined: 0 }] })
})

step('equals the chain, as the audit finds', async () => {
  const { stdout, stderr, exitCode } = await auditOnce(settings, contracts.client)
  expect(stdout, stderr).toMatch(/^0 differences in 4 runs, 2 agents at block \d+$/)
  expect(exitCode).toBe(0)
  const costs = Object.fromEntries(steps.map(({ name, relay, others }) => [name, [relay > 0n, others > 0n]]))
  expect(costs).toMatchObject({
    'deploys the contracts': [false, true],
    'refuses a claim without a signature': [false, false],
    'takes a run from its claim to its payment': [true, true],
  })
})
