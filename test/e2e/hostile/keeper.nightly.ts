import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Hash } from 'viem'
import { beforeAll, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { findDisorder, readLedger } from '../../support/claimLedger.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { claimApi } from '../claims/claimApi.ts'
import { until } from '../claims/claimsOnChain.ts'

/** Milliseconds for which a process is paused: longer than PostgreSQL lets a transaction idle. */
const PAUSE_MS = 40_000
/** Milliseconds: a lease, an interval of the other keeper, and slack for a busy machine. */
const TAKEOVER_MS = 12_000

const relayer = accountOf(roles.relayer).address
const relayerKey = keyOf(roles.relayer)

/** Two replicas with the same key; the node of the first has planned faults. */
let market: TestMarket
let node: RpcProxy
let first: Api
let second: Api
let people: Participants
let agent: Agent
let pool: pg.Pool

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  market = await startTestMarket({ api: { relayerKey: undefined } })
  parts.defer(market.stop)
  node = await startRpcProxy(market.rpcUrl)
  parts.defer(node.stop)
  pool = new pg.Pool({ connectionString: market.databaseUrl, application_name: 'test' })
  parts.defer(() => pool.end())
  first = await startApi({ ...market, port: 0, relayerKey, rpcUrl: node.url })
  parts.defer(first.stop)
  second = await startApi({ ...market, port: 0, relayerKey })
  parts.defer(second.stop)
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  await recordWrites()
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

/** Records each change of a transaction's state or block, with the connection that makes it. */
async function recordWrites() {
  await pool.query(`
    CREATE TABLE public.write (at timestamptz DEFAULT clock_timestamp(), by text, tx bigint, state text, block_hash text);
    CREATE FUNCTION public.record() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO public.write (by, tx, state, block_hash)
      VALUES (current_setting('application_name'), NEW.id, NEW.state, NEW.block_hash);
      RETURN NEW;
    END $$;
    CREATE TRIGGER record AFTER UPDATE ON relay.tx FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.block_hash IS DISTINCT FROM NEW.block_hash)
    EXECUTE FUNCTION public.record()`)
}

const claimNewRun = async (api: Api) => claimApi(api.url).claim(await people.openRun(usdc), agent)

const stateOf = async (hash: string) => {
  const text = `SELECT tx.id, tx.state, tx.block_hash FROM relay.tx JOIN relay.attempt ON attempt.tx = tx.id
    WHERE attempt.hash = $1`
  return (await pool.query<{ id: string; state: string; block_hash: string }>(text, [hash])).rows[0]
}

/** The hash of the only transaction that is sent and not mined. */
async function acceptedHash(): Promise<Hash> {
  const text = `SELECT attempt.hash FROM relay.attempt JOIN relay.tx ON attempt.tx = tx.id WHERE tx.state = 'accepted'`
  const { rows } = await pool.query<{ hash: Hash }>(text)
  expect(rows).toHaveLength(1)
  return rows[0]?.hash ?? '0x'
}

const holder = async () =>
  (await pool.query('SELECT holder FROM relay.keeper WHERE signer = $1', [relayer])).rows[0]?.holder

it('a replica that is paused in the middle of its work is replaced in seconds, and writes nothing when it continues', async () => {
  const receipts = 'eth_getTransactionReceipt'
  let asked = 0
  node.from(({ method }) => {
    if (method !== receipts) return undefined
    asked++
    return { kind: 'delay', milliseconds: 1_500 }
  })
  // Its client may get no answer: the replica is paused for longer than a request takes.
  const claiming = claimNewRun(first).catch(() => undefined)
  // The replica that is paused waits for the receipt.
  await until('asked', async () => asked > 0)
  const txHash = await acceptedHash()
  const pausedHolder = await holder()
  process.kill(first.part.pid, 'SIGSTOP')
  const paused = performance.now()

  await until('settled by the other', async () => (await stateOf(txHash))?.state === 'mined', TAKEOVER_MS)
  expect(await holder()).not.toBe(pausedHolder)
  // The block that the paused process has read is now outdated.
  const old = (await stateOf(txHash))?.block_hash
  const { blockNumber } = await market.client.getTransactionReceipt({ hash: txHash })
  const depth = Number((await market.client.getBlockNumber({ cacheTime: 0 })) - blockNumber) + 1
  await market.client.request({ method: 'anvil_reorg', params: [depth, []] } as never)
  await until('settled again', async () => {
    const tx = await stateOf(txHash)
    return tx?.state === 'mined' && tx.block_hash !== old
  })
  for (let claims = 0; claims < 3; claims++) expect((await claimNewRun(second)).status).toBe(200)

  await sleep(PAUSE_MS - (performance.now() - paused))
  const { rows } = await pool.query<{ at: Date }>('SELECT clock_timestamp() AS at')
  process.kill(first.part.pid, 'SIGCONT')
  await sleep(3_000)
  node.heal()
  await claiming
  const { id } = (await stateOf(txHash)) ?? { id: '' }
  const late = await pool.query('SELECT by, state FROM public.write WHERE tx = $1 AND at > $2', [id, rows[0]?.at])
  expect(late.rows.filter(({ state }) => state !== 'final')).toEqual([])
  const writers = await pool.query('SELECT DISTINCT by FROM public.write WHERE tx = $1 AND state = $2', [id, 'mined'])
  expect(writers.rows.map(({ by }) => by)).not.toContain(`runline_relay ${pausedHolder}`)

  for (const api of [first, second, first]) expect((await claimNewRun(api)).status).toBe(200)
  const isSettled = async () => (await readLedger(market, [relayer])).txs.every(({ state }) => state !== 'accepted')
  await until('all settled', isSettled)
  expect(findDisorder(await readLedger(market, [relayer]))).toEqual([])
})
