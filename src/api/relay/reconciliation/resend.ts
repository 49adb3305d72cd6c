import type { Address } from 'viem'
import { Problem } from '../../errors.ts'
import { tryCall } from '../chain/calls.ts'
import { answer } from '../chain/client.ts'
import { raised } from '../chain/fees.ts'
import { batchGasLimit } from '../chain/gas.ts'
import type { ChainHead } from '../chain/heads.ts'
import { batchCall, claimCall } from '../chain/market.ts'
import type { NamedAttempt } from '../events.ts'
import { claimsOf } from '../store/claims.ts'
import { stored, transaction } from '../store/database.ts'
import { insertAttempt, rawOf, recordBroadcasts, type Unmined } from '../store/transactions.ts'
import { broadcast } from '../submission/broadcast.ts'
import { type Attempt, fillerCall, type PricedCall, type Signer, sign } from '../submission/signing.ts'
import type { Kept } from './keeper.ts'
import type { KeeperContext } from './keepSigner.ts'

/** An attempt that is so old, and has seen so many blocks without it, is replaced. Seconds; blocks. */
const [STUCK_AGE, STUCK_BLOCKS] = [5, 3n]

/** Hands to the node what is due, lowest nonce first: nothing of a signer is mined before what has a lower one. */
export async function resendDue(
  context: KeeperContext,
  { address, signer }: Kept,
  unmined: Unmined[],
  head: ChainHead,
) {
  const { sender, pool, events, logger } = context
  for (const [position, tx] of unmined.entries()) {
    if (!tx.due) continue
    const isReplaced = signer && position === 0 && isStuck(tx, head)
    const attempt = (isReplaced && (await replace(context, signer, tx, head))) || newestOf(tx)
    const { result, error } = await broadcast(sender, await rawOf(pool, attempt.hash))
    await recordBroadcasts(pool, [{ tx: tx.id, result }])
    const claims = attempt.filler ? 0 : (await claimsOf(pool, tx.id)).length
    events.emit('attemptSent', { ...nameOf(address, tx, attempt), result, error, claims })
    if (result === 'accepted') continue
    const level = result === 'unfunded' || result === 'refused' ? 'error' : 'warn'
    logger[level]({ signer: address, nonce: tx.nonce, txHash: attempt.hash, result, err: error }, 'cannot send')
    if (result !== 'nonceTaken') return
  }
}

/** Without funds or an answer, other bytes fare no better. */
function isStuck(tx: Unmined, head: ChainHead): boolean {
  const { age, block } = newestOf(tx)
  const isPriceable = tx.lastResult === null || tx.lastResult === 'refused' || tx.lastResult === 'nonceTaken'
  return isPriceable && age >= STUCK_AGE && head.number >= block + STUCK_BLOCKS
}

/** @returns undefined where the ceiling is reached, or nobody signs: what is signed is sent again all the same. */
async function replace(context: KeeperContext, account: Signer, tx: Unmined, head: ChainHead) {
  const { pool, market, events, logger } = context
  const last = newestOf(tx)
  const price = raised(last.fees, await context.fees().catch(unlessUnavailable))
  if (!price) return undefined
  const call = await callFor(context, account, tx, last)
  const attempt = await sign(account, market.chainId, tx.nonce, call, price).catch(unlessUnavailable)
  if (!attempt) return undefined
  await stored(insertAttempt(pool, tx.id, attempt, head.number))
  logger.warn(
    { nonce: tx.nonce, replaced: last.hash, txHash: attempt.hash, filler: call.filler },
    'replaces what is stuck',
  )
  events.emit('attemptReplaced', { ...nameOf(account.address, tx, attempt), replaced: last.hash, filler: call.filler })
  return attempt
}

/** The claims that can still be won; without any, the least that uses up the nonce. */
async function callFor(
  { pool, market }: KeeperContext,
  account: Signer,
  { id }: Unmined,
  last: Pick<Attempt, 'filler' | 'gas'>,
): Promise<PricedCall> {
  const claims = last.filler ? [] : await claimsOf(pool, id)
  const calls = claims.map(({ request }) => claimCall(market, account.address, request))
  const trials = await Promise.all(calls.map((call) => tryCall(market, call, 'latest')))
  const winnable = claims.filter(({ state }, position) => state === 'open' && 'passed' in (trials[position] ?? {}))
  const [call] = calls
  if (!call || winnable.length === 0) return fillerCall(account)
  if (claims.length === 1) return { ...call, gas: last.gas, filler: false }
  const requests = winnable.map(({ request }) => request)
  const batch = batchCall(market, account.address, requests)
  return { ...batch, gas: batchGasLimit(batch, requests.length), filler: false }
}

/**
 * Uses up a nonce of which neither database nor node knows a transaction, though higher ones wait for it: a foreign
 * transaction had it and was lost, or a node miscounted.
 */
export async function fillGap(context: KeeperContext, account: Signer, used: number, head: ChainHead) {
  const { pool, market, events, logger } = context
  const { address } = account
  const [price, pending] = await Promise.all([
    context.fees(),
    answer(market.client.getTransactionCount({ address, blockTag: 'pending' })),
  ])
  if (pending !== used) return
  const attempt = await sign(account, market.chainId, used, fillerCall(account), price)
  await stored(
    transaction(pool, async (db) => {
      const { rows } = await db.query(
        'INSERT INTO relay.tx (signer, nonce, send_at) VALUES ($1, $2, now()) ON CONFLICT DO NOTHING RETURNING id',
        [address, used],
      )
      const [row] = rows as { id: string }[]
      if (!row) return
      await insertAttempt(db, BigInt(row.id), attempt, head.number)
      logger.warn({ signer: address, nonce: used, txHash: attempt.hash }, 'fills a gap in the nonces')
      events.emit('gapFilled', { signer: address, nonce: used, txHash: attempt.hash })
    }),
  )
}

const nameOf = (address: Address, { nonce }: { nonce: number }, { hash }: Pick<Attempt, 'hash'>): NamedAttempt => ({
  ...{ signer: address, nonce, txHash: hash },
})

function newestOf({ id, attempts: [newest] }: Unmined) {
  if (!newest) throw new Error(`Transaction ${id} has no attempt`)
  return newest
}

function unlessUnavailable(error: unknown): undefined {
  if (error instanceof Problem) return undefined
  throw error
}
