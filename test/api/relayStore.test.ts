import pg from 'pg'
import { pino } from 'pino'
import { type Address, type Hex, keccak256, stringToHex, type TransactionReceipt } from 'viem'
import { beforeEach, describe, expect, it } from 'vitest'
import { abandonSigner, findUnmined } from '../../src/api/relay/abandonment.ts'
import { isBlamelessClaim } from '../../src/api/relay/kinds/claims/kind.ts'
import { claimMessageOf, slotOfClaim } from '../../src/api/relay/kinds/claims/message.ts'
import { CLAIM } from '../../src/api/relay/kinds/request.ts'
import { type Decision, recordDecision, reopenRows, storeDecisions } from '../../src/api/relay/ledger/decisions.ts'
import { type Applicant, reserve, type Terms } from '../../src/api/relay/ledger/reserve.ts'
import { startRetention } from '../../src/api/relay/ledger/retention.ts'
import { createActionStore, hasStranded, type StoredAction } from '../../src/api/relay/ledger/storedActions.ts'
import { Refusal, type RefusalCode } from '../../src/api/relay/refusal.ts'
import {
  connectionName,
  type Lease,
  releaseLease,
  renewLease,
  signersWithWork,
  takeLease,
} from '../../src/api/relay/sender/store/leases.ts'
import {
  minedTxsOf,
  recordDropped,
  recordFinal,
  recordMined,
  recordTaken,
  recordUntaken,
} from '../../src/api/relay/sender/store/settlements.ts'
import {
  GAP,
  insertAttempt,
  insertFiller,
  insertSigner,
  insertTxs,
  recordBroadcasts,
} from '../../src/api/relay/sender/store/transactions.ts'
import { transaction } from '../../src/api/relay/store/database.ts'
import { migrate } from '../../src/api/relay/store/migrations.ts'
import { freshDatabase } from '../support/database.ts'
import { countReverts, countSent } from '../support/relayRows.ts'

const signer: Address = '0x00000000000000000000000000000000000000A1'
const hashOf = (text: string) => keccak256(stringToHex(text))
const fees = { maxFeePerGas: 2n, maxPriorityFeePerGas: 1n }
const attemptOf = (name: string) => ({ hash: hashOf(name), raw: '0x02' as Hex, gas: 21_000n, filler: false, ...fees })

let url: string
let pool: pg.Pool
/** The pools of the replicas `a` and `b`. */
let a: pg.Pool
let b: pg.Pool

beforeEach(async () => {
  url = await freshDatabase()
  pool = new pg.Pool({ connectionString: url, max: 2 })
  const connect = (name: string) =>
    new pg.Pool({ connectionString: url, application_name: connectionName(name), max: 1 })
  a = connect('a')
  b = connect('b')
  await migrate(pool)
  await insertSigner(pool, signer)
  await pool.query("SELECT setval('relay.tx_id', 1000)")
  return () => Promise.all([pool.end(), a.ended || a.end(), b.end()])
})

const expire = () => pool.query("UPDATE relay.keeper SET expires_at = now() - interval '1 second'")

async function taken(by: string, database: pg.Pool): Promise<Lease> {
  const lease = await takeLease(database, by, signer)
  if (!lease) throw new Error(`${by} did not get the lease`)
  return lease
}

const rows = createActionStore({ names: [CLAIM], messageOf: claimMessageOf })

type NewClaim = { run: bigint; agent: number; subjects: string[]; tx: bigint }

const insertClaim = (name: string, { run, agent, subjects, tx }: NewClaim) =>
  pool.query(
    `INSERT INTO relay.action (id, kind, run_id, round, slot, agent_id, party, amount, body, reserve, subjects, tx)
     VALUES ($1, $2, $3, 1, $4, $5, '0xb0', 1, '{}', 0, $6, $7)`,
    [hashOf(name), CLAIM, run, slotOfClaim(run, 1n), agent, subjects, tx],
  )

/** A transaction with one claim of a run. */
async function insertTx(id: bigint) {
  const tx = { tx: id, kind: CLAIM, nonce: Number(id), attempt: attemptOf(`tx ${id}`) }
  await insertTxs(pool, signer, [tx], 1n)
  await insertClaim(`claim ${id}`, { run: id, agent: 7, subjects: ['agent 7', 'newcomers', 'wallet 0xb0'], tx: id })
  const [claim] = await rows.ofTxs(pool, id)
  if (!claim) throw new Error('The claim is not stored')
  return { id, claim }
}

const txOf = async (id: bigint) =>
  (await pool.query('SELECT state, block_hash FROM relay.tx WHERE id = $1', [id])).rows[0]
const stateOf = async (id: bigint) => (await rows.ofTxs(pool, id))[0]?.state

const receiptOf = (id: bigint, block: string) =>
  ({ transactionHash: hashOf(`tx ${id}`), blockNumber: 5n, blockHash: hashOf(block) }) as TransactionReceipt

const decisionOf = (claim: StoredAction, decision: Decision) => {
  const isOwnFault = decision.state === 'refused' && !isBlamelessClaim({ round: 1n }, decision.problem)
  return { action: claim.actionId, tx: claim.tx.id, decision, isOwnFault }
}

const minedIn = async (lease: Lease, { id, claim }: Awaited<ReturnType<typeof insertTx>>, block: string) => {
  const won = { state: 'done' as const, blockNumber: 5n, txHash: hashOf(`tx ${id}`), result: null, round: 1n }
  const receipt = receiptOf(id, block)
  return recordMined(pool, lease, [{ tx: id, receipt, fee: 3n }], storeDecisions([decisionOf(claim, won)]))
}

describe('a signer’s lease', () => {
  it('is held by one replica until it expires, is released, or the replica loses its connection', async () => {
    const first = await taken('a', a)
    await insertTx(1n)
    expect(await takeLease(b, 'b', signer)).toBeUndefined()
    const work = { address: signer }
    expect(await signersWithWork(b, 'b', hasStranded([CLAIM]))).toEqual([{ ...work, isFree: false }])
    expect(await signersWithWork(b, 'a', hasStranded([CLAIM]))).toEqual([{ ...work, isFree: true }])
    await expire()
    expect(await renewLease(a, first)).toBe(false)
    const second = await taken('b', b)
    expect(Number(second.token)).toBe(Number(first.token) + 1)
    expect(await takeLease(a, 'a', signer)).toBeUndefined()
    await releaseLease(b, second)
    await taken('a', a)
    await a.end()
    // Well before the lease expires.
    await expect.poll(() => takeLease(b, 'b', signer), { timeout: 4_000 }).toBeDefined()
  })

  it('that is superseded or expired writes nothing', async () => {
    const stale = await taken('a', a)
    const unmined = await insertTx(1n)
    const mined = await insertTx(2n)
    await minedIn(stale, mined, 'block')
    const { rows: before } = await pool.query(
      'SELECT * FROM relay.tx JOIN relay.action ON action.tx = tx.id ORDER BY tx.id',
    )
    const refused = { state: 'refused' as const, problem: new Refusal('RUN_NOT_OPEN', 'The run is not open.') }

    async function writeAll() {
      expect((await minedIn(stale, unmined, 'block')).txs.size).toBe(0)
      expect(await recordDecision(pool, stale, decisionOf(unmined.claim, refused))).toBe(false)
      const [tx] = await minedTxsOf(pool, stale, 1)
      if (tx) expect(await recordDropped(pool, stale, tx, reopenRows)).toBe(false)
      expect(tx).toBeDefined()
      expect(await recordFinal(pool, stale, 9n, [CLAIM])).toEqual([])
      expect(await recordTaken(pool, stale, 1n, -1, 9n)).toBe(false)
      await recordUntaken(pool, stale, 0, 9n)
      expect(await insertAttempt(pool, stale, 1n, attemptOf('another'), 9n)).toBe(false)
      expect(await insertFiller(pool, stale, 9, attemptOf('filler'), 9n)).toBe(false)
      const { rows } = await pool.query('SELECT * FROM relay.tx JOIN relay.action ON action.tx = tx.id ORDER BY tx.id')
      expect(rows).toEqual(before)
      expect((await pool.query('SELECT FROM relay.attempt')).rowCount).toBe(2)
    }

    await expire()
    await writeAll()
    const current = await taken('b', b)
    await writeAll()
    expect((await minedIn(current, unmined, 'block')).txs).toEqual(new Set([1n]))
    expect(await insertFiller(pool, current, 9, attemptOf('filler'), 9n)).toBe(true)
  })
})

describe('a write', () => {
  it('changes a transaction only if it is in the expected state', async () => {
    const lease = await taken('a', a)
    const tx = await insertTx(1n)
    expect((await minedIn(lease, tx, 'first')).actions).toEqual(new Set([tx.claim.actionId]))
    expect((await minedIn(lease, tx, 'second')).txs.size).toBe(0)
    expect(await txOf(1n)).toEqual({ state: 'mined', block_hash: hashOf('first') })
    await recordBroadcasts(pool, [{ tx: 1n, result: 'accepted' }])
    expect(await recordTaken(pool, lease, 1n, -1, 9n)).toBe(false)
    expect(await insertAttempt(pool, lease, 1n, attemptOf('late'), 9n)).toBe(false)
    const dropped = { id: 1n, kind: CLAIM, hash: hashOf('tx 1'), blockNumber: 5n, blockHash: hashOf('second') }
    expect(await recordDropped(pool, lease, dropped, reopenRows)).toBe(false)
    expect([(await txOf(1n)).state, await stateOf(1n)]).toEqual(['mined', 'done'])
    expect(await recordDropped(pool, lease, { ...dropped, blockHash: hashOf('first') }, reopenRows)).toBe(true)
    expect([(await txOf(1n)).state, await stateOf(1n)]).toEqual(['signed', 'open'])
  })

  it('returns a taken nonce only at a block as new as the one that showed it used', async () => {
    const lease = await taken('a', a)
    await insertTx(1n)
    expect(await recordTaken(pool, lease, 1n, 10, 9n)).toBe(false)
    expect(await recordTaken(pool, lease, 1n, -1, 9n)).toBe(true)
    await recordUntaken(pool, lease, 0, 8n)
    expect((await txOf(1n)).state).toBe('taken')
    await recordUntaken(pool, lease, 0, 9n)
    expect((await txOf(1n)).state).toBe('signed')
  })
})

describe('a transaction of a kind that this process does not know', () => {
  async function insertOther(id: bigint) {
    await insertTxs(pool, signer, [{ tx: id, kind: 'another', nonce: Number(id), attempt: attemptOf(`tx ${id}`) }], 1n)
  }

  const statesByKind = async () =>
    (await pool.query('SELECT kind, state FROM relay.tx ORDER BY kind')).rows.map(Object.values)

  it('does not become final with the others', async () => {
    const lease = await taken('a', a)
    await minedIn(lease, await insertTx(1n), 'block')
    await insertOther(2n)
    await pool.query("UPDATE relay.tx SET state = 'mined', block_number = 5 WHERE id = 2")
    expect(await recordFinal(pool, lease, 9n, [CLAIM, GAP])).toEqual([{ id: 1n }])
    expect(await statesByKind()).toEqual([
      ['another', 'mined'],
      [CLAIM, 'final'],
    ])
  })

  it('is not abandoned with the claims and the fillers of its signer', async () => {
    const lease = await taken('a', a)
    await insertTx(1n)
    await insertOther(2n)
    await insertFiller(pool, lease, 3, attemptOf('filler'), 9n)
    expect((await findUnmined(pool, signer)).transactions).toBe(2)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    expect(await abandonSigner(client, signer)).toBe(1)
    await client.end()
    expect(await statesByKind()).toEqual([
      ['another', 'signed'],
      [CLAIM, 'abandoned'],
      [GAP, 'abandoned'],
    ])
  })

  it('is not deleted with old claims', async () => {
    await insertOther(1n)
    await pool.query("UPDATE relay.tx SET state = 'final', send_at = now() - interval '31 days'")
    await pool.query("INSERT INTO relay.spending VALUES ('wallet 0xb0', now() - interval '3 days', 1)")
    const stop = startRetention(pool, 30, [CLAIM], pino({ level: 'silent' }))
    await expect.poll(async () => (await pool.query('SELECT FROM relay.spending')).rowCount).toBe(0)
    await stop()
    expect(await statesByKind()).toEqual([['another', 'final']])
  })
})

describe('a schema that this build does not read', () => {
  it('of a build before version 1 is refused with what to do', async () => {
    await pool.query('ALTER TABLE relay.version RENAME TO migration')
    await expect(migrate(pool)).rejects.toThrow(/before version 1, .+ `DROP SCHEMA relay CASCADE`/)
  })

  it('of a newer build is refused with both versions', async () => {
    await pool.query('INSERT INTO relay.version (number) VALUES (9)')
    await expect(migrate(pool)).rejects.toThrow(
      'Schema relay is at version 9; this build knows 1. Run the newer build.',
    )
  })
})

describe('what a mined transaction cost', () => {
  const spending = async () =>
    (await pool.query('SELECT subject, wei::text FROM relay.spending ORDER BY subject')).rows.map(Object.values)

  it('is counted once, in equal parts, for what its claims name', async () => {
    const lease = await taken('a', a)
    const tx = await insertTx(1n)
    const ofPoster = ['agent 8', 'newcomers', 'poster 0xc0', 'wallet 0xb1']
    await insertClaim('another claim', { run: 8n, agent: 8, subjects: ofPoster, tx: 1n })
    await insertClaim('a claim that fees cover', { run: 9n, agent: 9, subjects: ['fees 9'], tx: 1n })
    await minedIn(lease, tx, 'block')
    await minedIn(lease, tx, 'block')
    // A third of the fee of 3 each.
    const expected = [
      ['agent 7', '1'],
      ['agent 8', '1'],
      ['fees 9', '1'],
      ['newcomers', '2'],
      ['poster 0xc0', '1'],
      ['wallet 0xb0', '1'],
      ['wallet 0xb1', '1'],
    ]
    expect(await spending()).toEqual(expected)
    const second = await insertTx(2n)
    await minedIn(lease, second, 'block')
    expect(await spending()).toContainEqual(['wallet 0xb0', '4'])
  })
})

describe('a claim that is stored, and refused in its block', () => {
  const wallet: Address = '0x00000000000000000000000000000000000000b0'
  const shares = {
    wallet: 1n,
    agent: 1n,
    poster: 1n,
    newcomers: 1n,
    posts: 1n,
    registrations: 1n,
    anyone: 1n,
    perUsdc: 1n,
  }
  const terms: Terms = {
    walletLimits: { perMinute: 10, perDay: 10 },
    spendingLimits: { budget: () => 10n ** 18n, shares },
    room: { fits: () => true, take: (place) => place },
  }

  function applicantOf(isSigned: boolean, name = 'claim'): Applicant {
    const signed = isSigned ? { deadline: 9n, signature: '0x11' as const } : { deadline: null, signature: null }
    const run = { runId: 1n, round: 1n, slot: slotOfClaim(1n, 1n), agentId: 7n, party: wallet, amount: 1n }
    return {
      row: { id: hashOf(name), kind: CLAIM, ...run, body: {}, ...signed },
      ...{ what: 'claims', locks: [], mostOpen: 9, cost: 1n, mostCost: 1n },
      subjects: { shared: [`wallet ${wallet}`], covers: [] },
      need: undefined,
    }
  }

  /** Stores the claim with transaction `id`. @returns why it did not. */
  const store = (id: bigint, applicant: Applicant) =>
    transaction(pool, async (db) => {
      await db.query("SELECT setval('relay.tx_id', $1, false)", [id])
      const [tx] = await reserve(db, [applicant], terms)
      if (typeof tx !== 'bigint') return tx
      await insertTxs(db, signer, [{ tx, kind: CLAIM, nonce: Number(tx), attempt: attemptOf(`tx ${tx}`) }], 1n)
      return undefined
    })

  async function refuse(lease: Lease, id: bigint, code: RefusalCode) {
    const [claim] = await rows.ofTxs(pool, id)
    if (!claim) throw new Error('The claim is not stored')
    const at = { blockNumber: 5n, txHash: hashOf(`tx ${id}`) }
    const effect = storeDecisions([decisionOf(claim, { state: 'refused', problem: new Refusal(code, 'No.'), ...at })])
    return recordMined(pool, lease, [{ tx: id, receipt: receiptOf(id, 'block'), fee: 3n }], effect)
  }

  it('gets its row and slot again if another came first, and counts once for its wallet', async () => {
    const lease = await taken('a', a)
    expect(await store(1n, applicantOf(true))).toBeUndefined()
    expect(await store(2n, applicantOf(true))).toBe('rival')
    await refuse(lease, 1n, 'RUN_NOT_OPEN')
    expect(await store(2n, applicantOf(true))).toBeUndefined()
    expect([await stateOf(2n), await countSent(pool, wallet), await countReverts(pool, 7n)]).toEqual(['open', 1, 0])
    expect(await store(3n, applicantOf(true, 'another signature'))).toBe('rival')
  })

  it('is stored once if the same reservation has it twice', async () => {
    const twice = [applicantOf(true), applicantOf(true), applicantOf(true, 'another signature')]
    const answers = await transaction(pool, async (db) => {
      const [tx, ...others] = await reserve(db, twice, terms)
      if (typeof tx !== 'bigint') throw new Error('The first claim was not stored')
      await insertTxs(db, signer, [{ tx, kind: CLAIM, nonce: 1, attempt: attemptOf('tx') }], 1n)
      return others
    })
    expect(answers).toEqual(['rival', 'rival'])
  })

  it('by the fault of its agent is not sent again with its signature, but with another', async () => {
    const lease = await taken('a', a)
    await store(1n, applicantOf(true))
    await refuse(lease, 1n, 'WALLET_MISMATCH')
    expect(await store(2n, applicantOf(true))).toMatchObject({
      code: 'WALLET_MISMATCH',
      detail: expect.stringMatching(/^No\. .+ sign a new one\.$/),
    })
    expect(await countReverts(pool, 7n)).toBe(1)
    expect(await store(3n, applicantOf(true, 'another signature'))).toBeUndefined()
    expect(await countSent(pool, wallet)).toBe(2)
  })

  it('by the fault of its agent is sent again if it has no signature', async () => {
    const lease = await taken('a', a)
    await store(1n, applicantOf(false))
    await refuse(lease, 1n, 'WALLET_MISMATCH')
    expect(await store(2n, applicantOf(false))).toBeUndefined()
    expect(await countReverts(pool, 7n)).toBe(1)
  })

  it('counts no longer against its agent once a reorg removes the block', async () => {
    const lease = await taken('a', a)
    await store(1n, applicantOf(true))
    await refuse(lease, 1n, 'WALLET_MISMATCH')
    const dropped = { id: 1n, kind: CLAIM, hash: hashOf('tx 1'), blockNumber: 5n, blockHash: hashOf('block') }
    expect(await recordDropped(pool, lease, dropped, reopenRows)).toBe(true)
    expect([await stateOf(1n), await countReverts(pool, 7n)]).toEqual(['open', 0])
  })
})

describe('retention', () => {
  it('deletes only old and settled transactions, with their claims', async () => {
    const lease = await taken('a', a)
    const [unmined, young, old] = [await insertTx(1n), await insertTx(2n), await insertTx(3n)]
    for (const tx of [young, old]) await minedIn(lease, tx, 'block')
    await recordFinal(pool, lease, 9n, [CLAIM])
    // As many more as `old` that one deletion cannot delete all.
    const hash = `'0x' || lpad(n::text, 64, '0')`
    for (const [table, key, fields] of [
      ['tx', 'id', `'id', n, 'nonce', n, 'hash', ${hash}`],
      ['attempt', 'tx', `'tx', n, 'hash', ${hash}`],
      ['action', 'tx', `'tx', n, 'id', ${hash}, 'slot', n, 'tx_hash', ${hash}`],
    ]) {
      await pool.query(`INSERT INTO relay.${table}
        SELECT (jsonb_populate_record(${table}, jsonb_build_object(${fields}))).*
        FROM relay.${table}, generate_series(4, 205) AS n WHERE ${key} = 3`)
    }
    await pool.query("INSERT INTO relay.spending VALUES ('wallet 0xb0', now() - interval '3 days', 1)")
    const age = (table: string, column: string, where = 'true') =>
      pool.query(`UPDATE relay.${table} SET ${column} = now() - interval '31 days' WHERE ${where}`)
    await age('tx', 'send_at')
    await age('tx', 'mined_at', 'mined_at IS NOT NULL')
    await age('action', 'created_at', `tx <> ${young.id}`)

    const stop = startRetention(pool, 30, [CLAIM], pino({ level: 'silent' }))
    const left = async (table: string) => (await pool.query(`SELECT FROM relay.${table}`)).rowCount
    await expect.poll(() => left('tx')).toBe(2)
    await expect.poll(() => left('spending')).toBe(3)
    await stop()
    expect(await Promise.all(['action', 'attempt'].map(left))).toEqual([2, 2])
    expect([await stateOf(unmined.id), await stateOf(young.id)]).toEqual(['open', 'done'])
  })
})
