import pg from 'pg'
import type { Hex } from 'viem'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { sign } from '../../../src/api/relay/sender/keys/signing.ts'
import { insertSigner, insertTxs } from '../../../src/api/relay/sender/store/transactions.ts'
import { migrate } from '../../../src/api/relay/store/migrations.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { relayer, relayOn, requestOf, resultOf, until } from './claimsOnChain.ts'

const ANOTHER = 'a kind of a newer build'

let chain: TestChain
let people: Participants
let agent: Agent
let databaseUrl: string
let pool: pg.Pool

beforeAll(async () => {
  chain = await startTestChain({})
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  return chain.stop
}, 60_000)

beforeEach(async () => {
  databaseUrl = await freshDatabase()
  pool = new pg.Pool({ connectionString: databaseUrl, max: 1 })
  await migrate(pool)
  return () => pool.end()
})

afterEach(() => chain.client.setAutomine(true))

const pending = async () => (await chain.client.getTxpoolStatus()).pending

/** Stores a signed transaction as a newer build does, for an action in a table of its own. */
async function storeAnother(): Promise<Hex> {
  const { address } = relayer
  const nonce = await chain.client.getTransactionCount({ address })
  const call = { to: address, data: '0x', gas: 21_000n } as const
  const price = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n }
  const attempt = await sign(relayer, chain.deployment.chainId, nonce, call, price)
  await insertSigner(pool, address)
  const { rows } = await pool.query("SELECT nextval('relay.tx_id') AS tx")
  await insertTxs(pool, address, [{ tx: BigInt(rows[0].tx), kind: ANOTHER, nonce, attempt }], 1n)
  return attempt.hash
}

const stored = async () =>
  (
    await pool.query(`SELECT kind, state, count(*)::int AS attempts FROM relay.tx JOIN relay.attempt ON attempt.tx = tx.id
      GROUP BY tx.id ORDER BY nonce`)
  ).rows

it('a transaction of an unknown kind is broadcast, and neither replaced nor settled, and blocks no claim', {
  timeout: 90_000,
}, async () => {
  await chain.client.setAutomine(false)
  const hash = await storeAnother()
  const log: string[] = []
  const relay = await relayOn({ ...chain, databaseUrl }, {}, log)
  // A transaction that no block includes for so long counts as stuck.
  const stuckAt = performance.now() + 6_000
  await until('sent', async () => (await pending()) === 1)
  for (let block = 1; block <= 3; block++) {
    await chain.client.dropTransaction({ hash })
    await chain.client.mine({ blocks: 1 })
  }
  await until('sent while stuck', async () => performance.now() > stuckAt && (await pending()) === 1, 20_000)
  await chain.client.mine({ blocks: 1 })
  await chain.client.setAutomine(true)
  for (let claim = 1; claim <= 2; claim++) {
    expect(await resultOf(relay, requestOf(await people.openRun(usdc), agent))).toBe('done')
  }
  expect(await stored()).toEqual([
    { kind: ANOTHER, state: 'accepted', attempts: 1 },
    { kind: 'claim', state: 'mined', attempts: 1 },
    { kind: 'claim', state: 'mined', attempts: 1 },
  ])
  expect(log.filter((line) => line.includes('unknown kind'))).toHaveLength(1)
  await relay.close()
})

it('a reorg of a transaction of an unknown kind changes nothing that is stored of it', {
  timeout: 60_000,
}, async () => {
  const hash = await storeAnother()
  const { rows } = await pool.query('SELECT raw FROM relay.attempt')
  await chain.client.sendRawTransaction({ serializedTransaction: rows[0].raw })
  const { blockNumber, blockHash } = await chain.client.getTransactionReceipt({ hash })
  const mined = "UPDATE relay.tx SET state = 'mined', hash = $1, block_number = $2, block_hash = $3, mined_at = now()"
  await pool.query(mined, [hash, blockNumber, blockHash])
  const log: string[] = []
  const relay = await relayOn({ ...chain, databaseUrl }, {}, log)
  await chain.client.request({ method: 'anvil_reorg', params: [1, []] } as never)
  await until('seen', async () => log.some((line) => line.includes('unknown kind')))
  expect(await stored()).toEqual([{ kind: ANOTHER, state: 'mined', attempts: 1 }])
  await relay.close()
})
