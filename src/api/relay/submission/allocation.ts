import type pg from 'pg'
import type { Address } from 'viem'
import { answer } from '../chain/client.ts'
import type { Fees } from '../chain/fees.ts'
import { batchGasLimit, gasOfItems, itemsOfBlock, itemsWithin, MAX_GAS } from '../chain/gas.ts'
import type { ChainHead } from '../chain/heads.ts'
import { batchCall, claimCall } from '../chain/market.ts'
import type { RelayContext } from '../context.ts'
import type { StoredClaim } from '../store/claims.ts'
import { type Database, query, stored, transaction } from '../store/database.ts'
import { isHeld, type Lease } from '../store/leases.ts'
import { type Candidate, type Obstacle, reserve } from '../store/reservations.ts'
import { type Attempt, type Backlog, backlogOf, insertTxs, nextNonceOf } from '../store/transactions.ts'
import { type PricedCall, type Signer, sign } from './signing.ts'

/**
 * How old what the node says of a signer may be when it is used, in milliseconds. The signer's own transactions are
 * counted in the database; what a foreign one has taken meanwhile is found out when the node refuses ours.
 */
const QUOTE_LIFETIME = 100

export type Allocator = ReturnType<typeof createAllocator>

/** What a transaction is stored as, ready to be handed to the node. */
export type Allocated = { tx: bigint; signer: Address; nonce: number; attempt: Attempt }

/** What became of the claims that were to be made. */
export type Placed = { made: (Allocated & { made: Candidate[] })[]; obstacles: Map<Candidate, Obstacle> }

/** Why a signer takes nothing more for now. `resting`: the node’s counts of its nonces are implausible. */
export type Blocker = 'full' | 'stuck' | 'unfunded' | 'spent' | 'resting'

/** Balance in wei; the node expects nonce `pending` next, and has mined those below `mined`. */
type Quote = { price: Fees; head: ChainHead; mined: number; pending: number; balance: bigint }

/** How many claims a transaction has room for, and how many such transactions may be sent. */
export type Room = { items: number; transactions: number }

/**
 * Gives nonces to claims. Everything from the claims to their signed bytes is one database transaction: what is kept of a
 * crash is nothing, or bytes that the keeper sends.
 */
export function createAllocator(context: RelayContext) {
  const { pool, market, heads, fees, nonceCheck, maxBatch, maxUnmined, dailyBudget, walletLimits } = context
  const { client, chainId } = market

  /** What has to be asked of the node, before the signer is locked. */
  async function ask({ address }: Signer): Promise<Quote> {
    const [price, head, mined, pending, balance] = await Promise.all([
      fees(),
      heads.latest(),
      answer(client.getTransactionCount({ address, blockTag: 'latest' })),
      answer(client.getTransactionCount({ address, blockTag: 'pending' })),
      answer(client.getBalance({ address })),
    ])
    return { price, head, mined, pending, balance }
  }

  const quotes = new Map<Signer, { answered: Promise<Quote>; at: number }>()

  function freshQuote(account: Signer) {
    const known = quotes.get(account)
    if (known && performance.now() - known.at < QUOTE_LIFETIME) return known.answered
    const asked = { answered: ask(account), at: performance.now() }
    quotes.set(account, asked)
    asked.answered.catch(() => quotes.get(account) === asked && quotes.delete(account))
    return asked.answered
  }

  /** Each answer serves one transaction: what that one takes of the signer is known to the node only later. */
  function takeQuote(account: Signer) {
    const answered = freshQuote(account)
    quotes.delete(account)
    return answered
  }

  /** The database knows what is signed and the node has not got, the node what others sent with this key. */
  async function signNext(
    db: pg.PoolClient,
    account: Signer,
    nextNonce: number,
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

  /**
   * How many claims of a transaction block, budget and balance have room for, and how many such transactions. Of the
   * limit that a batch needs, most is given back.
   */
  function roomFor({ unmined, spent, committed }: Backlog, { price, head, balance }: Quote): Room | Blocker {
    // Where gas costs nothing, there is enough of it.
    const gasFor = (wei: bigint) => wei / (price.maxFeePerGas || 1n)
    if (gasFor(dailyBudget - spent) < MAX_GAS) return 'spent'
    const [left, funded] = [gasFor(dailyBudget - spent - committed), gasFor(balance - committed)]
    // With nothing on its way, the node says whether the funds suffice for one.
    if (left < MAX_GAS || (funded < MAX_GAS && committed > 0n)) return 'full'
    const items = Math.min(maxBatch, itemsOfBlock(head.gasLimit), itemsWithin(left), itemsWithin(funded))
    const gas = gasOfItems(items)
    const affordable = Math.min(Number(left / gas), Number(funded / gas))
    return { items, transactions: Math.max(1, Math.min(affordable, maxUnmined - unmined)) }
  }

  function blockerOf({ address }: Signer, nextNonce: number, backlog: Backlog, quoted: Quote): Blocker | undefined {
    const { unmined, isUnfunded, isStuck } = backlog
    if (!nonceCheck.accepts(address, nextNonce, backlog, quoted)) return 'resting'
    if (isUnfunded) return 'unfunded'
    if (isStuck) return 'stuck'
    return unmined >= maxUnmined ? 'full' : undefined
  }

  /** What the signer has room for now, and its next nonce. */
  async function roomIn(db: Database, account: Signer, quoted: Quote, lock?: 'FOR UPDATE') {
    const nextNonce = await nextNonceOf(db, account.address, lock)
    const backlog = await backlogOf(db, account.address)
    return { nextNonce, room: blockerOf(account, nextNonce, backlog, quoted) ?? roomFor(backlog, quoted) }
  }

  function callFor({ address }: Signer, made: Candidate[]): PricedCall {
    const requests = made.map(({ claim }) => claim.request)
    const [only, ...others] = made
    if (only && others.length === 0) {
      return { ...claimCall(market, address, only.claim.request), gas: only.gas, filler: false }
    }
    const call = batchCall(market, address, requests)
    return { ...call, gas: batchGasLimit(call, made.length), filler: false }
  }

  return {
    /** What the signer has room for, or what keeps it from taking claims. Reserves nothing. */
    async roomOf(account: Signer): Promise<Room | Blocker> {
      return (await roomIn(pool, account, await freshQuote(account))).room
    },

    /** A claim is about to be placed: the node’s part of that is asked while the claim is simulated. */
    anticipate(account: Signer) {
      freshQuote(account).catch(() => undefined)
    },

    /**
     * Gives nonces to all claims that `take` hands out, as far as nothing stands in their way: as few as there can be.
     * @param take is asked once the signer's turn has come, and not at all if it is blocked.
     */
    async place(account: Signer, take: (room: Room) => Candidate[]): Promise<Placed | Blocker> {
      const quoted = await takeQuote(account)
      return stored(
        transaction(pool, async (db) => {
          const { nextNonce, room } = await roomIn(db, account, quoted, 'FOR UPDATE')
          if (typeof room === 'string') return room
          const { groups, obstacles } = await reserve(db, take(room), room.items, walletLimits)
          if (groups.length === 0) return { made: [], obstacles }
          const calls = groups.map(({ tx, made }) => ({ tx, call: callFor(account, made) }))
          const signed = await signNext(db, account, nextNonce, calls, quoted)
          return { made: signed.map((one, place) => ({ ...one, made: groups[place]?.made ?? [] })), obstacles }
        }),
      )
    },

    /**
     * Gives an open claim whose transaction decided nothing another, in which it is alone: no other claim can keep it
     * from being decided there.
     * @returns undefined if it has one already, or the lease is lost.
     */
    async renew(account: Signer, lease: Lease, { claimId, request, tx: old }: StoredClaim, gas: bigint) {
      const quoted = await takeQuote(account)
      return stored(
        transaction(pool, async (db) => {
          const nextNonce = await nextNonceOf(db, account.address, 'FOR UPDATE')
          const blocker = blockerOf(account, nextNonce, await backlogOf(db, account.address), quoted)
          if (blocker) return blocker
          // Without the lock of other keeper writes: a process that is paused here must not keep the lease.
          const text = `
            UPDATE relay.claim SET tx = nextval('relay.tx_id')
            WHERE id = $3 AND tx = $4 AND state = 'open' AND ${isHeld} RETURNING tx`
          const [row] = await query<{ tx: bigint }>(db, text, [lease.signer, lease.token, claimId, old.id])
          if (!row) return undefined
          const call = { ...claimCall(market, account.address, request), gas, filler: false }
          const [renewed] = await signNext(db, account, nextNonce, [{ tx: row.tx, call }], quoted)
          return renewed
        }),
      )
    },
  }
}
