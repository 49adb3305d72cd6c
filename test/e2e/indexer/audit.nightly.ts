import { execa } from 'execa'
import { beforeAll, expect, test } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { tamperedIndex } from '../../support/tamperedIndex.ts'

const ada = accountOf(2).address.toLowerCase()
const bob = accountOf(3).address.toLowerCase()

let chain: TestMarket

/** Two runs: one approved after a revision, whose agent USDC refused to pay, and one open. Three agent ids. */
beforeAll(async () => {
  chain = await startTestMarket()
  const { market, staking, usdc } = chain
  const participants = participantsOf(chain)
  const { mined } = participants
  const agent = await participants.newAgent(accountOf(2))
  await participants.newAgent(accountOf(3), 0n)
  const run = await participants.openRun()
  await participants.openRun()
  const account = agent.wallet.address
  await mined(() => market.write.claimBounty([run, agent.id], { account }))
  await mined(() => market.write.startWork([run], { account }))
  await mined(() => market.write.submitWork([run, 'ipfs://first'], { account }))
  await mined(() => market.write.requestRevision([run, 'ipfs://feedback']))
  await mined(() => market.write.submitWork([run, 'ipfs://second'], { account }))
  await mined(() => usdc.write.blacklist([account]))
  await mined(() => market.write.approveWork([run, 1]))
  // An agent id that was never registered has a row too.
  await mined(() => staking.write.ban([77n]))
  await chain.indexed()
  return chain.stop
})

type Audit = { args?: string[]; env?: Record<string, string>; whileWaiting?: () => unknown }

/** Mines far enough for the present blocks to be final. */
const goOn = () => chain.client.mine({ blocks: 70 })

/** Runs the command as an operator does, without npm's own output. */
async function audit({ args = [], env = {}, whileWaiting = goOn }: Audit = {}) {
  const command = execa('node', ['ops/auditCommand.ts', ...args], {
    env: {
      DATABASE_URL: chain.databaseUrl,
      CHAIN_ID: String(chain.chainId),
      RPC_URL: chain.rpcUrl,
      DEPLOYMENTS_DIR: chain.deploymentsDirectory,
      ...env,
    },
    preferLocal: true,
    reject: false,
  })
  for await (const line of command.iterable({ from: 'stderr' })) {
    if (line.startsWith('Waiting until block')) await whileWaiting()
  }
  const { stdout, stderr, exitCode } = await command
  return { stdout, stderr, exitCode }
}

const tampered = <Result>(statements: string[], then: () => Promise<Result>) =>
  tamperedIndex(chain.databaseUrl, statements, then)

test('an index that equals the chain has no differences, at a final block', async () => {
  const { stdout, stderr, exitCode } = await audit()
  const [, block] = /^0 differences in 2 runs, 3 agents at block (\d+)$/.exec(stdout) ?? []
  expect(block, stdout + stderr).toBeDefined()
  expect((await chain.client.getBlock({ blockTag: 'finalized' })).number).toBeGreaterThanOrEqual(BigInt(block ?? 0))
  expect(stderr).toMatch(/^events {2}0 % {2}0 compared\nevents {2}100 % {2}11 compared\nruns {4}0 %/m)
  expect(stderr).toMatch(/^Waiting until block \d+ is finalized {2}0 % {2}\d+ more blocks$/m)
  expect(stderr).toContain('Also compared: 11 events, 2 payees, 3 counts')
  expect(exitCode).toBe(0)
})

test('every changed, missing and invented row is reported, field by field', async () => {
  const statements = [
    `UPDATE run SET state = 'IN_PROGRESS', reward = reward + 1, deliverable_hash = 'ipfs://first',
      payer = '${bob}', claimant = '${bob}', namings = 1 WHERE bounty_id = 1`,
    `DELETE FROM run WHERE bounty_id = 2`,
    `INSERT INTO run SELECT (json_populate_record(run, '{"bounty_id": 9}')).* FROM run WHERE bounty_id = 1`,
    `UPDATE agent SET staked_amount = 0, agent_uri = 'ipfs://other', volume = 1, fees_paid = 2, step = 'FROZEN' WHERE id = 1`,
    `DELETE FROM agent WHERE id = 2`,
    `UPDATE run_event SET address = '${bob}' WHERE name = 'WorkStarted'`,
    `UPDATE run_event SET amount = amount + 1 WHERE name = 'BountyApproved'`,
    `DELETE FROM run_event WHERE name = 'RevisionRequested'`,
    `UPDATE payee SET owed = owed + 1, fees_collected = 3, unburned = 2`,
    `UPDATE market_day SET paid = paid + 1, claim_seconds = claim_seconds + 9`,
    `UPDATE poster SET burned = burned + 1, draft = draft + 2, paid_by_others = 3`,
  ]
  const { stdout, exitCode } = await tampered(statements, audit)
  const lines = stdout.replaceAll(/block \d+, log \d+|, (0x\w{64}:)?\d+ on chain$/gm, '…').split('\n')
  // Without the revision request, the review of the first delivery lasts until the approval: some seconds, or none.
  const ofDurations = /: (review_seconds|longest_review) is 0 in the table/
  expect(lines.filter((line) => !ofDurations.test(line))).toEqual([
    `event of …: address is ${bob} in the table, ${ada} on chain`,
    'event of …: exists is false in the table, true on chain',
    'event of …: amount is 100000001 in the table…',
    'run 1: reward is 100000001 in the table…',
    'run 1: state is IN_PROGRESS in the table, APPROVED on chain',
    'run 1: deliverableHash is ipfs://first in the table, ipfs://second on chain',
    `run 1: payer is ${bob} in the table, ${accountOf(roles.deployer).address.toLowerCase()} on chain`,
    `run 1: claimant is ${bob} in the table, null on chain`,
    'run 1: namings is 1 in the table…',
    'run 2: exists is false in the table, true on chain',
    'run 9: exists is true in the table, false on chain',
    'agent 1: agentURI is ipfs://other in the table, ipfs://agent on chain',
    'agent 1: stakedAmount is 0 in the table…',
    'agent 1: volume is 1 in the table…',
    'agent 1: feesPaid is 2 in the table…',
    'agent 1: status is FROZEN in the table, PROVISIONAL on chain',
    'agent 2: exists is false in the table, true on chain',
    `payee ${ada}: owed is 100000001 in the table…`,
    `payee ${ada}: feesCollected is 3 in the table…`,
    `payee ${ada}: unburned is 2 in the table…`,
    expect.stringMatching(/^market on .+: open is 1 in the table…$/),
    expect.stringMatching(/^market on .+: escrowed is 105000000 in the table…$/),
    expect.stringMatching(/^market on .+: claim_seconds is \d+ in the table…$/),
    ...['unverified is 1', 'provisional is 1', 'frozen is 0', 'staked is 20000000', 'feesPaid is 5000000'].map(
      (field) => `agents: ${field} in the table…`,
    ),
    ...['draft is 2', 'open is 1', 'paid_by_others is 3', 'paid is 100000000', 'burned is 1'].map(
      (field) => `record of ${accountOf(roles.deployer).address}: ${field} in the table…`,
    ),
    expect.stringMatching(/^(33|35) differences in 2 runs, 3 agents at block \d+$/),
  ])
  expect(exitCode).toBe(1)
  expect((await audit()).exitCode).toBe(0)
})

test('an audit restarts if a reorg drops its block', async () => {
  const { client } = chain
  // In a reorg, an empty block on an unchanged parent keeps its hash: one of the dropped blocks must not be empty.
  const hash = await client.sendTransaction({ to: accountOf(roles.treasury).address, value: 1n })
  await client.waitForTransactionReceipt({ hash })
  await chain.indexed()
  let hasReorged = false
  const { stdout, stderr, exitCode } = await audit({
    async whileWaiting() {
      if (hasReorged) return goOn()
      hasReorged = true
      await client.request({ method: 'anvil_reorg', params: [20, []] } as never)
    },
  })
  expect(stderr).toContain('starting over')
  expect(stdout).toMatch(/^0 differences in 2 runs, 3 agents at block \d+$/)
  expect(exitCode).toBe(0)
})

test.each([
  ['DATABASE_URL', { DATABASE_URL: 'mysql://nowhere' }],
  ['CHAIN_ID', { CHAIN_ID: 'one' }],
  ['HTTP request failed', { RPC_URL: 'http://127.0.0.1:1' }],
])('an audit that cannot compare reports why: %s', async (why, env) => {
  const { stdout, stderr, exitCode } = await audit({ env })
  expect(stderr).toContain(why)
  expect(stdout).toBe('')
  expect(exitCode).toBe(2)
})

test('many runs are read in calls that the node answers', async () => {
  const runs = 60
  const participants = participantsOf(chain)
  for (let posted = 2; posted < runs; posted++) await participants.openRun()
  await chain.indexed()
  const { stdout, stderr, exitCode } = await audit()
  expect(stdout, stderr).toMatch(new RegExp(`^0 differences in ${runs} runs, 3 agents at block \\d+$`))
  expect(exitCode).toBe(0)
})

test('a named claimant changes no count of the states', async () => {
  const { mined, fund, poster } = participantsOf(chain)
  const deadline = (await chain.client.getBlock()).timestamp + 86_400n
  const terms = { ...defaultTerms, claimant: accountOf(3).address }
  await mined(() => chain.market.write.createBounty(['ipfs://named', 100_000_000n, deadline, terms]))
  await mined(() => chain.market.write.createBounty(['ipfs://named', 100_000_000n, deadline, terms]))
  await fund(poster, chain.market.address, 105_000_000n)
  await mined(async () => chain.market.write.fundBounty([await chain.market.read.bountyCount()]))
  await chain.indexed()
  const { stdout, exitCode } = await audit()
  expect(stdout).toMatch(/^0 differences in \d+ runs, 3 agents at block \d+$/)
  expect(exitCode).toBe(0)
})
