import type pg from 'pg'
import type { Address, Hex, LocalAccount } from 'viem'
import { claimIdOf } from '../claimMessage.ts'
import { bodyHashOf, rememberKey, type StoredClaim } from './claimStore.ts'
import { isUniqueViolation, stored, transaction } from './database.ts'
import type { Fees } from './fees.ts'
import type { Heads } from './heads.ts'
import { type ClaimRequest, claimCall, type Market } from './market.ts'
import { answer } from './rpc.ts'
import { type Attempt, type PricedCall, sign } from './signing.ts'

/** How many transactions of a signer may be unmined. Nodes drop the excess of one sender. */
const MAX_UNMINED = 256

/** How long the keeper leaves new bytes to the process that signed them. Seconds. */
const HANDOVER = 2

export type Allocator = ReturnType<typeof createAllocator>

/** What a transaction is stored as, ready to be handed to the node. */
export type Allocated = { tx: bigint; signer: Address; nonce: number; attempt: Attempt }

/** Why a claim got no nonce: another one of its round was first, or the signer can take no more for now. */
export type Hindrance = 'rival' | 'full' | 'stuck' | 'unfunded'

type Options = { pool: pg.Pool; market: Market; heads: Heads; fees: () => Promise<Fees> }

/**
 * Gives nonces to claims. Everything from the claim to its signed bytes is one database transaction: what is kept of a
 * crash is nothing, or bytes that the keeper sends.
 */
export function createAllocator({ pool, market, heads, fees }: Options) {
  const { client, chainId } = market

  /** What has to be asked of the node, before the signer is locked. */
  async function quote({ address }: LocalAccount) {
    const pendingCount = client.getTransactionCount({ address, blockTag: 'pending' })
    const [price, head, pending] = await Promise.all([fees(), heads.latest(), answer(pendingCount)])
    return { price, block: head.number, pending }
  }

  /** The database knows what is signed and the node has not got, the node what others sent with this key. */
  async function signNext(
    db: pg.PoolClient,
    account: LocalAccount,
    tx: bigint,
    nextNonce: number,
    call: PricedCall,
    { price, block, pending }: Awaited<ReturnType<typeof quote>>,
  ): Promise<Allocated> {
    const nonce = Math.max(nextNonce, pending)
    const attempt = await sign(account, chainId, nonce, call, price)
    await insertTx(db, account.address, nonce, tx)
    await insertAttempt(db, tx, attempt, block)
    await db.query('UPDATE relay.signer SET next_nonce = $2 WHERE address = $1', [account.address, nonce + 1])
    return { tx, signer: account.address, nonce, attempt }
  }

  return {
    /** @param key the client's own for this claim. */
    async reserve(
      account: LocalAccount,
      request: ClaimRequest,
      round: bigint,
      gas: bigint,
      key: string | undefined,
    ): Promise<Allocated | Hindrance> {
      const quoted = await quote(account)
      const claimId = claimIdOf(market, { ...request, round })
      try {
        return await stored(
          transaction(pool, async (db) => {
            const nextNonce = await lockSigner(db, account)
            const hindrance = await hindranceOf(db, account)
            if (hindrance) return hindrance
            const tx = await insertClaim(db, claimId, request, round)
            if (tx === undefined) return 'rival'
            if (key !== undefined) await rememberKey(db, key, bodyHashOf(request), claimId)
            const call = { ...claimCall(market, account.address, request), gas, filler: false }
            return signNext(db, account, tx, nextNonce, call, quoted)
          }),
        )
      } catch (error) {
        if (isUniqueViolation(error)) return 'rival'
        throw error
      }
    },

    /** Gives an open claim whose transaction decided nothing a new one. @returns undefined if it has one already. */
    async renew(account: LocalAccount, { claimId, request, tx: old }: StoredClaim, gas: bigint) {
      const quoted = await quote(account)
      return stored(
        transaction(pool, async (db) => {
          const nextNonce = await lockSigner(db, account)
          const { rows } = await db.query(
            `UPDATE relay.claim SET tx = nextval('relay.tx_id') WHERE id = $1 AND tx = $2 AND state = 'open' RETURNING tx`,
            [claimId, old.id],
          )
          const [row] = rows as { tx: string }[]
          if (!row) return undefined
          const call = { ...claimCall(market, account.address, request), gas, filler: false }
          return signNext(db, account, BigInt(row.tx), nextNonce, call, quoted)
        }),
      )
    },
  }
}

async function lockSigner(db: pg.PoolClient, { address }: LocalAccount): Promise<number> {
  const { rows } = await db.query('SELECT next_nonce FROM relay.signer WHERE address = $1 FOR UPDATE', [address])
  const [row] = rows as { next_nonce: string }[]
  if (!row) throw new Error(`Signer ${address} is not in relay.signer`)
  return Number(row.next_nonce)
}

async function hindranceOf(db: pg.PoolClient, { address }: LocalAccount): Promise<Hindrance | undefined> {
  const { rows } = await db.query(
    `SELECT count(*)::int AS unmined, bool_or(last_result = 'unfunded') AS unfunded,
       bool_or(last_result IN ('refused', 'unsent', 'unknown')) AS stuck
     FROM relay.tx WHERE signer = $1 AND state IN ('signed', 'accepted')`,
    [address],
  )
  const [backlog] = rows as { unmined: number; unfunded: boolean | null; stuck: boolean | null }[]
  if (backlog?.unfunded) return 'unfunded'
  if (backlog?.stuck) return 'stuck'
  return backlog && backlog.unmined >= MAX_UNMINED ? 'full' : undefined
}

/** A claim that was refused may be made again in the same round. @returns the id for its transaction. */
async function insertClaim(db: pg.PoolClient, claimId: Hex, request: ClaimRequest, round: bigint) {
  const { bountyId, agentId, wallet, signed } = request
  const { rows } = await db.query(
    `INSERT INTO relay.claim AS claim (id, bounty_id, round, agent_id, wallet, signature, deadline, body_hash, tx)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, nextval('relay.tx_id'))
     ON CONFLICT (id) DO UPDATE SET signature = excluded.signature, deadline = excluded.deadline,
       body_hash = excluded.body_hash, tx = excluded.tx, state = 'open', reserved = true,
       tx_hash = NULL, block_number = NULL, problem = NULL
     WHERE claim.state = 'refused'
     RETURNING tx`,
    [
      ...[claimId, bountyId.toString(), round.toString(), agentId.toString(), wallet],
      ...[signed?.signature ?? null, signed?.deadline.toString() ?? null, bodyHashOf(request)],
    ],
  )
  const [row] = rows as { tx: string }[]
  return row && BigInt(row.tx)
}

const insertTx = (db: pg.PoolClient, signer: Hex, nonce: number, tx: bigint) =>
  db.query(
    `INSERT INTO relay.tx (id, signer, nonce, send_at) VALUES ($1, $2, $3, now() + make_interval(secs => ${HANDOVER}))`,
    [tx, signer, nonce],
  )

/** @param block the newest when the attempt was priced. */
export const insertAttempt = (
  db: Pick<pg.PoolClient, 'query'>,
  tx: bigint,
  { hash, raw, gas, filler, fees }: Attempt,
  block: bigint,
) =>
  db.query(
    `INSERT INTO relay.attempt (hash, tx, raw, filler, gas, max_fee_per_gas, max_priority_fee_per_gas, block_number)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [...[hash, tx, raw, filler, gas, fees.maxFeePerGas, fees.maxPriorityFeePerGas, block]],
  )
