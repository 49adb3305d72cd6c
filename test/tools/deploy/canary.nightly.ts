import { execa } from 'execa'
import pg from 'pg'
import { beforeAll, expect, it } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'

let market: TestMarket

beforeAll(async () => {
  market = await startTestMarket()
  return market.stop
}, 120_000)

async function canary(...args: string[]) {
  const { stdout, stderr, exitCode } = await execa('node', ['ops/canaryCommand.ts', '--url', market.api.url, ...args], {
    env: {
      CHAIN_ID: String(market.chainId),
      RPC_URL: market.rpcUrl,
      DEPLOYMENTS_DIR: market.deploymentsDirectory,
    },
    preferLocal: true,
    reject: false,
  })
  const steps = stdout.split('\n').map((line) =>
    line
      .replace(/ +\d+ ms +/, ': ')
      .replace(/ +/g, ' ')
      .trim(),
  )
  return { steps, stdout, stderr, exitCode }
}

it('reads a market without runs', async () => {
  const { steps, stderr, exitCode } = await canary()
  expect({ steps, stderr, exitCode }).toEqual({
    steps: ['ok readiness: ready', 'ok lists: no open run or no agent'],
    stderr: '',
    exitCode: 0,
  })
})

it('compares what an agent asks with the contracts', async () => {
  const participants = participantsOf(market)
  const agent = await participants.newAgent(accountOf(2), 0n)
  const run = await participants.openRun()
  await market.indexed()
  const { steps, exitCode } = await canary('--read-only', '--agent', String(agent.id))
  expect(steps).toEqual([
    'ok readiness: ready',
    `ok lists: run ${run}, agent ${agent.id}`,
    'ok eligibility: not eligible, as the contract says: INSUFFICIENT_STAKE,INSUFFICIENT_UNLOCKED_STAKE',
  ])
  expect(exitCode).toBe(0)
})

it('exits with 1 where the API and the contract disagree', async () => {
  const participants = participantsOf(market)
  const agent = await participants.newAgent(accountOf(3))
  const run = await participants.openRun()
  await market.indexed()
  const client = new pg.Client({ connectionString: market.databaseUrl })
  await client.connect()
  const { rows } = await client.query(`SELECT nspname AS schema FROM pg_namespace WHERE nspname LIKE 'runline\\_%'`)
  // Without Ponder's triggers, which would record the change as one of a block.
  await client.query('SET session_replication_role = replica')
  const setStake = (stake: bigint) =>
    client.query(`UPDATE ${rows[0].schema}.agent SET staked_amount = $1 WHERE id = $2`, [stake, agent.id])
  await setStake(0n)
  const { steps, stderr, exitCode } = await canary('--run', String(run), '--agent', String(agent.id))
  await setStake(20_000_000n)
  await client.end()
  expect(steps.at(-1)).toBe('failed eligibility:')
  expect(stderr).toContain(`is false: the claim of run ${run} by agent ${agent.id} has `)
  expect(stderr).toContain('reasonCodes ["INSUFFICIENT_STAKE","INSUFFICIENT_UNLOCKED_STAKE"], not ')
  expect(exitCode).toBe(1)
})

it.each([
  ['an API that does not answer', ['--url', 'http://127.0.0.1:1'], 'fetch failed'],
  ['a wrong id', ['--run', 'one'], '--run must be an id, got one'],
])('exits with 1 for %s', async (_, args, why) => {
  const { stderr, exitCode } = await canary(...args)
  expect(stderr).toContain(why)
  expect(exitCode).toBe(1)
})
