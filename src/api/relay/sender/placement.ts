import pLimit, { type LimitFunction } from 'p-limit'
import type pg from 'pg'
import type { Address } from 'viem'
import { answer } from '../chain/client.ts'
import type { Fees } from '../chain/fees.ts'
import type { ChainHead } from '../chain/heads.ts'
import { stored, transaction } from '../store/database.ts'
import type { Reserve, Reserved, Room } from './action.ts'
import type { SenderContext } from './context.ts'
import { NotSigned, type Signer, sign, signingRestOf } from './keys/signing.ts'
import { type Attempt, type Backlog, backlogOf, insertTxs } from './store/transactions.ts'

export type Placer = ReturnType<typeof createPlacer>

/** A transaction that is stored with its nonce and its signature, and is ready to be broadcast. */
export type PlacedTx = { tx: bigint; kind: string; signer: Address; nonce: number; attempt: Attempt }

/**
 * Why a signer takes no actions now. `resting`: the node’s counts of its nonces are implausible. `notSigning`: its key did
 * not sign a moment ago. `unreachable`: node or database do not answer.
 */
export type Blocker = 'full' | 'stuck' | 'unfunded' | 'spent' | 'resting' | 'notSigning' | 'unreachable'

/**
 * What the node says of a signer. Our own transactions of the meantime are counted in the database; a foreign one is
 * noticed when the node refuses ours. Balance in wei. `pending` is the nonce that the node expects next; all nonces below
 * `mined` are mined.
 */
export type Quote = { price: Fees; head: ChainHead; mined: number; pending: number; balance: bigint }

/** How many connections placements have at once: the others are for reads. */
const MOST_PLACEMENTS = 4

/** EIP-7825: the highest gas limit of a transaction. */
const MAX_TRANSACTION_GAS = 2n ** 24n

const lesser = (left: bigint, right: bigint) => (left < right ? left : right)

/**
 * Places calls: gives each a nonce, signs it, and stores it. One database transaction covers everything from the actions to
 * their signed transactions, so a crash leaves nothing, or signed transactions that the keeper sends.
 */
export function createPlacer(context: SenderContext) {
  const { pool, client, chainId, heads, fees, nonceCheck, leastGas, maxUnmined, dailyBudget, logger } = context
  const inTurn = createTurns(MOST_PLACEMENTS)

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
    reserved: Reserved[],
    { price, head, pending }: Quote,
  ): Promise<PlacedTx[]> {
    const first = Math.max(nextNonce, pending)
    const signed = await Promise.all(
      reserved.map(async ({ tx, kind, call }, place) => {
        const nonce = first + place
        return { tx, kind, signer: account.address, nonce, attempt: await sign(account, chainId, nonce, call, price) }
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

  /** A transaction's gas limit is reserved in full, although most of it may not be used. */
  function roomIn(account: Signer, backlog: Backlog, quoted: Quote): Room | Blocker {
    const blocker = blockerOf(account, backlog, quoted)
    if (blocker) return blocker
    const { unmined, spent, committed } = backlog
    const { price, head, balance } = quoted
    // If gas is free, any balance is enough.
    const gasFor = (wei: bigint) => wei / (price.maxFeePerGas || 1n)
    if (gasFor(dailyBudget - spent) < leastGas) return 'spent'
    const left: bigint = gasFor(dailyBudget - spent - committed)
    const funded: bigint = gasFor(balance - committed)
    // Without unmined transactions, the node itself decides whether the funds suffice for one.
    if (left < leastGas || (funded < leastGas && committed > 0n)) return 'full'
    // At most half of a block, because a transaction that does not fit into the rest of a block waits for the next.
    const gasPerTransaction = lesser(head.gasLimit / 2n, MAX_TRANSACTION_GAS)
    const transactions = maxUnmined - unmined
    return { gas: lesser(left, funded), gasPerTransaction, transactions, price: price.maxFeePerGas }
  }

  /** @param roomOf what the signer may send, or what blocks it. */
  async function placeWithin<Allowed extends Room | undefined>(
    account: Signer,
    asked: Promise<Quote>,
    roomOf: (account: Signer, backlog: Backlog, quoted: Quote) => Allowed | Blocker,
    reserve: (db: pg.PoolClient, room: Allowed) => Promise<Reserved[]>,
  ): Promise<PlacedTx[] | Blocker> {
    if (signingRestOf(account) > 0) return 'notSigning'
    const quoted = await asked.catch(() => quote(account))
    const work = async (db: pg.PoolClient) => {
      const backlog = await backlogOf(db, account.address, 'FOR UPDATE')
      const room = roomOf(account, backlog, quoted)
      if (typeof room === 'string') return room
      const reserved = await reserve(db, room)
      return reserved.length === 0 ? [] : signNext(db, account, backlog, reserved, quoted)
    }
    return inTurn(account.address, () => stored(transaction(pool, work))).catch((error) => {
      if (!(error instanceof NotSigned)) throw error
      logger.error({ signer: account.address, err: error }, 'a key does not sign: its signer rests')
      return 'notSigning' as const
    })
  }

  return {
    /** Asks the node, without a lock. */
    quote,

    /** What the signer can send now, or what blocks it. It reserves nothing. */
    async roomOf(account: Signer): Promise<Room | Blocker> {
      if (signingRestOf(account) > 0) return 'notSigning'
      const quoted = await quote(account)
      return roomIn(account, await backlogOf(pool, account.address), quoted)
    },

    /**
     * Places the calls that `reserve` returns at the next nonces.
     * @param asked serves one call of `place`, because the node learns later what that call takes. If it fails, the
     * node is asked again.
     * @param reserve is called once the signer is locked, and not at all if it is blocked. `notSigning` may follow it: then
     * nothing is stored, and another signer can send the calls.
     */
    place: (account: Signer, asked: Promise<Quote>, reserve: Reserve) => placeWithin(account, asked, roomIn, reserve),

    /**
     * Places the call of an action that was sent before, whatever the budget and the balance.
     * @param reserve as of `place`.
     */
    placeAgain: (account: Signer, reserve: (db: pg.PoolClient) => Promise<Reserved[]>) =>
      placeWithin(account, quote(account), (...asked) => blockerOf(...asked) ?? undefined, reserve),
  }
}

/**
 * Runs the work of each signer in turn: a key may sign for seconds, and all other work of its signer would only keep a
 * connection while it waits for the signer's row.
 * @param most how many run at once, of all signers.
 */
function createTurns(most: number) {
  const limit = pLimit(most)
  const ofSigner = new Map<Address, LimitFunction>()
  return <T>(signer: Address, work: () => Promise<T>): Promise<T> => {
    const own = ofSigner.get(signer) ?? pLimit(1)
    ofSigner.set(signer, own)
    return own(() => limit(work))
  }
}
