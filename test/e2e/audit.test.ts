import { execa } from 'execa'
import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { accountOf } from '../../devnet/accounts.ts'
import { startTestMarket, type TestMarket } from '../support/market.ts'
import { participantsOf } from '../support/participants.ts'

let chain: TestMarket

beforeAll(async () => {
  chain = await startTestMarket()
  const participants = participantsOf(chain)
  const ada = await participants.newAgent(accountOf(2))
  await participants.newAgent(accountOf(3), 0n)
  const claimed = await participants.openRun()
  await participants.openRun()
  await participants.mined(() => chain.market.write.claimBounty([claimed, ada.id], { account: ada.wallet.address }))
  // An id that nobody registered has a row too.
  await participants.mined(() => chain.staking.write.ban([77n]))
  await chain.indexed()
  return chain.stop
})

/** The command, as an operator types it but for npm's own lines. */
async function audit({ args = [], env = {} }: { args?: string[]; env?: Record<string, string> } = {}) {
  const { stdout, stderr, exitCode } = await execa('node', ['ops/auditCommand.ts', ...args], {
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
  return { stdout, stderr, exitCode }
}

/** Does to the indexer's own tables what the indexer would never do, and undoes it afterwards. */
async function tampered<Result>(statements: string[], then: () => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: chain.databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query(`SELECT nspname AS schema FROM pg_namespace WHERE nspname LIKE 'runline\\_%'`)
    await client.query(`SET search_path = ${rows[0].schema}`)
    // Without Ponder's triggers, which would take the change for one of a block.
    await client.query(`SET session_replication_role = replica`)
    await client.query(`CREATE TEMP TABLE runs AS TABLE run; CREATE TEMP TABLE agents AS TABLE agent`)
    for (const statement of statements) expect((await client.query(statement)).rowCount).toBe(1)
    const result = await then()
    await client.query(`DELETE FROM run; INSERT INTO run TABLE runs; DELETE FROM agent; INSERT INTO agent TABLE agents`)
    return result
  } finally {
    await client.end()
  }
}

test('an index that equals the chain has no differences', async () => {
  const { stdout, stderr, exitCode } = await audit()
  expect(stderr).toContain('Compared 2 runs, 3 agents')
  expect(stdout).toMatch(/^0 differences in 2 runs, 3 agents at blocks? \d+/)
  expect(exitCode).toBe(0)
})

test('every tampered, missing and invented row is found, field by field', async () => {
  const statements = [
    `UPDATE run SET state = 'IN_PROGRESS', reward = reward + 1 WHERE bounty_id = 1`,
    `DELETE FROM run WHERE bounty_id = 2`,
    `INSERT INTO run SELECT (json_populate_record(run, '{"bounty_id": 9}')).* FROM run`,
    `UPDATE agent SET staked_amount = 0 WHERE id = 1`,
    `DELETE FROM agent WHERE id = 2`,
  ]
  const { stdout, exitCode } = await tampered(statements, audit)
  expect(stdout.split('\n').slice(0, -1)).toEqual([
    'run 1: reward is 100000001 in the table, 100000000 on chain',
    'run 1: state is IN_PROGRESS in the table, CLAIMED on chain',
    'run 2: exists is false in the table, true on chain',
    'run 9: exists is true in the table, false on chain',
    'agent 1: stakedAmount is 0 in the table, 20000000 on chain',
    'agent 1: status is UNVERIFIED in the table, PROVISIONAL on chain',
    `agent 2: owner is null in the table, ${accountOf(3).address.toLowerCase()} on chain`,
    `agent 2: agentWallet is null in the table, ${accountOf(3).address.toLowerCase()} on chain`,
    'agent 2: status is undefined in the table, UNVERIFIED on chain',
  ])
  expect(stdout).toMatch(/\n9 differences in 9 runs, 2 agents at /)
  expect(exitCode).toBe(1)
  expect((await audit()).exitCode).toBe(0)
})

test('an audit begins where it is told to', async () => {
  const { stdout, exitCode } = await tampered([`UPDATE run SET round = 7 WHERE bounty_id = 1`], () =>
    audit({ args: ['--from-run', '2', '--from-agent', '2'] }),
  )
  expect(stdout).toMatch(/^0 differences in 1 runs, 2 agents at /)
  expect(exitCode).toBe(0)
})

test.each([
  ['DATABASE_URL', { DATABASE_URL: 'mysql://nowhere' }],
  ['CHAIN_ID', { CHAIN_ID: 'one' }],
  ['HTTP request failed', { RPC_URL: 'http://127.0.0.1:1' }],
])('where it cannot compare it says why: %s', async (why, env) => {
  const { stdout, stderr, exitCode } = await audit({ env })
  expect(stderr).toContain(why)
  expect(stderr).toContain('--from-run 1 --from-agent 0')
  expect(stdout).toBe('')
  expect(exitCode).toBe(2)
})
