import type pg from 'pg'
import type { Address } from 'viem'
import { answer } from '../chain/client.ts'
import type { Fees } from '../chain/fees.ts'
import type { ChainHead } from '../chain/heads.ts'
import { claimsCall, gasOfItems, itemsWithin, MAX_GAS, type PricedCall } from '../claims/chain/gas.ts'
import type { StoredClaim } from '../claims/store/claims.ts'
import { type Candidate, type Obstacle, reserve } from '../claims/store/reservations.ts'
import type { RelayContext } from '../context.ts'
import { query, stored, transaction } from '../store/database.ts'
import { NotSigned, type Signer, sign, signingRestOf } from './keys/signing.ts'
import { isHeld, type Lease } from './store/leases.ts'
import { type Attempt, type Backlog, backlogOf, insertTxs } from './store/transactions.ts'

export type Allocator = ReturnType<typeof createAllocator>

/** A stored transaction, ready to be broadcast. */
export type Allocated = { tx: bigint; signer: Address; nonce: number; attempt: Attempt }

/** The result of an allocation. */
export type Placed = { made: (Allocated & { made: Candidate[] })[]; obstacles: Map<Candidate, Obstacle> }

/**
 * Why a signer takes no claims now. `resting`: the node’s counts of its nonces are implausible. `notSigning`: its key did
 * not sign a moment ago.
 */
export type Blocker = 'full' | 'stuck' | 'unfunded' | 'spent' | 'resting' | 'notSigning'

/**
 * What the node says of a signer. Our own transactions of the meantime are counted in the database; a foreign one is
 * noticed when the node refuses ours. Balance in wei. `pending` is the nonce that the node expects next; all nonces below
 * `mined` are mined.
 */
export type Quote = { price: Fees; head: ChainHead; mined: number; pending: number; balance: bigint }

/** The most claims per transaction, and the most such transactions. */
export type Room = { items: number; transactions: number }

/**
 * Allocates nonces to claims. One database transaction covers everything from the claims to their signed transactions,
 * so a crash leaves nothing, or signed transactions that the keeper sends.
 */
export function createAllocator(context: RelayContext) {
  const { pool, market, heads, fees, nonceCheck, maxBatch, maxUnmined, dailyBudget, walletLimits, logger } = context
  const { client, chainId } = market

  async function quote({ address }: Signer): Promise<Quote> {
    const [price, head, mined, pending, balance] = await Promise.all([
      fees(),
      heads.latest(),
      answer(client.getTransactionCount({ address, blockTag: 'latest' })),
      answer(client.getTransactionCount({ address, blockTag: 'pending' })),
      answer(client.getBalance({ address })),
    ])
    return { price, head, mined, pending, balance }
  }

  /** The database knows signed transactions that the node lacks; the node knows foreign transactions of this key. */
  async function signNext(
    db: pg.PoolClient,
    account: Signer,
    { nextNonce }: Backlog,
    calls: { tx: bigint; call: PricedCall }[],
    { price, head, pending }: Quote,
  ): Promise<Allocated[]> {
    const first = Math.max(nextNonce, pending)
    const signed = await Promise.all(
      calls.map(async ({ tx, call }, place) => {
        const nonce = first + place
        return { tx, signer: account.address, nonce, attempt: await sign(account, chainId, nonce, call, price) }
      }),
    )
    await insertTxs(db, account.address, signed, head.number)
    return signed
  }

  function blockerOf({ address }: Signer, backlog: Backlog, quoted: Quote): Blocker | undefined {
    const { unmined, isUnfunded, isStuck } = backlog
    if (!nonceCheck.accepts(address, backlog, quoted)) return 'resting'
    if (isUnfunded) return 'unfunded'
    if (isStuck) return 'stuck'
    return unmined >= maxUnmined ? 'full' : undefined
  }

  /**
   * The most claims per transaction that block gas, budget and balance allow, and the most such transactions. A batch's
   * gas limit is reserved in full, although most of it is not used.
   */
  function roomIn(account: Signer, backlog: Backlog, quoted: Quote): Room | Blocker {
    const blocker = blockerOf(account, backlog, quoted)
    if (blocker) return blocker
    const { unmined, spent, committed } = backlog
    const { price, head, balance } = quoted
    // If gas is free, any balance is enough.
    const gasFor = (wei: bigint) => wei / (price.maxFeePerGas || 1n)
    if (gasFor(dailyBudget - spent) < MAX_GAS) return 'spent'
    const left: bigint = gasFor(dailyBudget - spent - committed)
    const funded: bigint = gasFor(balance - committed)
    // Without unmined transactions, the node itself decides whether the funds suffice for one.
    if (left < MAX_GAS || (funded < MAX_GAS && committed > 0n)) return 'full'
    const gas = left < funded ? left : funded
    const items = Math.min(maxBatch, itemsWithin(gas, head.gasLimit))
    const affordable = Number(gas / gasOfItems(items))
    return { items, transactions: Math.max(1, Math.min(affordable, maxUnmined - unmined)) }
  }

  return {
    /** Asks the node, without a lock. */
    quote,

    /** How many claims the signer can take, or what blocks it. It reserves nothing. */
    async roomOf(account: Signer): Promise<Room | Blocker> {
      if (signingRestOf(account) > 0) return 'notSigning'
      const quoted = await quote(account)
      return roomIn(account, await backlogOf(pool, account.address), quoted)
    },

    /**
     * Allocates nonces to the claims that `take` returns and that have no obstacle, in as few transactions as possible.
     * @param asked serves one allocation, because the node learns later what that allocation takes. If it fails, the
     * node is asked again.
     * @param take is called once the signer is locked, and not at all if it is blocked. `notSigning` may follow it: then
     * the claims that it returned are not stored, and another signer can make them.
     */
    async place(account: Signer, asked: Promise<Quote>, take: (room: Room) => Candidate[]): Promise<Placed | Blocker> {
      if (signingRestOf(account) > 0) return 'notSigning'
      const quoted = await asked.catch(() => quote(account))
      const placing = stored(
        transaction(pool, async (db) => {
          const backlog = await backlogOf(db, account.address, 'FOR UPDATE')
          const room = roomIn(account, backlog, quoted)
          if (typeof room === 'string') return room
          const { groups, obstacles } = await reserve(db, take(room), room.items, walletLimits)
          if (groups.length === 0) return { made: [], obstacles }
          const calls = groups.map(({ tx, made }) => {
            const claims = made.map(({ claim, gas }) => ({ request: claim.request, gas }))
            return { tx, call: claimsCall(market, account.address, claims) }
          })
          const signed = await signNext(db, account, backlog, calls, quoted)
          return { made: signed.map((one, place) => ({ ...one, made: groups[place]?.made ?? [] })), obstacles }
        }),
      )
      return placing.catch((error) => {
        if (!(error instanceof NotSigned)) throw error
        logger.error({ signer: account.address, err: error }, 'a key does not sign: its signer rests')
        return 'notSigning' as const
      })
    },

    /**
     * Gives an open claim, whose transaction did not decide it, a new transaction of its own, in which no other claim
     * can prevent its decision.
     * @returns undefined if it has one already, or the lease is lost.
     */
    async renew(account: Signer, lease: Lease, { claimId, request, tx: old }: StoredClaim, gas: bigint) {
      const quoted = await quote(account)
      return stored(
        transaction(pool, async (db) => {
          const backlog = await backlogOf(db, account.address, 'FOR UPDATE')
          const blocker = blockerOf(account, backlog, quoted)
          if (blocker) return blocker
          // Does not lock the lease, as other keeper writes do: a process that is paused here must not keep the lease.
          const text = `
            UPDATE relay.claim SET tx = nextval('relay.tx_id')
            WHERE id = $3 AND tx = $4 AND state = 'open' AND ${isHeld} RETURNING tx`
          const [row] = await query<{ tx: bigint }>(db, text, [lease.signer, lease.token, claimId, old.id])
          if (!row) return undefined
          const call = claimsCall(market, account.address, [{ request, gas }])
          const [renewed] = await signNext(db, account, backlog, [{ tx: row.tx, call }], quoted)
          return renewed
        }),
      )
    },
  }
}
