import { answer, unlessUnavailable } from '../chain/client.ts'
import { raised } from '../chain/fees.ts'
import { batchGasLimit } from '../chain/gas.ts'
import type { ChainHead } from '../chain/heads.ts'
import { batchCall, claimCall, tryCall } from '../chain/market.ts'
import { claimsOf } from '../store/claims.ts'
import {
  type Attempt,
  insertAttempt,
  insertFiller,
  rawOf,
  recordBroadcasts,
  type Unmined,
} from '../store/transactions.ts'
import { broadcast } from '../submission/broadcast.ts'
import { fillerCall, type PricedCall, type Signer, sign } from '../submission/signing.ts'
import type { Turn } from './settlement.ts'

/** An attempt is stuck, and is replaced, once it is older than both. */
const STUCK_SECONDS = 5
const STUCK_BLOCKS = 3n

/**
 * Broadcasts the transactions that are due, lowest nonce first, because a nonce is mined only after all lower ones.
 * Without the signer's key, transactions are sent again unchanged, not replaced at a higher price.
 */
export async function resendDue(turn: Turn, unmined: Unmined[]) {
  const { sender, pool, events, logger, account, head } = turn
  const { signer } = turn.lease
  for (const [position, tx] of unmined.entries()) {
    if (tx.dueIn > 0) continue
    const { nonce } = tx
    const isReplaced = account && position === 0 && isStuck(tx, head)
    const attempt = (isReplaced && (await replace(turn, account, tx))) || newestOf(tx)
    const { result, error } = await broadcast(sender, await rawOf(pool, attempt.hash))
    await recordBroadcasts(pool, [{ tx: tx.id, result }])
    const claims = attempt.filler ? 0 : (await claimsOf(pool, tx.id)).length
    events.emit('attemptSent', { signer, nonce, txHash: attempt.hash, result, error, claims })
    if (result === 'accepted') continue
    const level = result === 'unfunded' || result === 'refused' ? 'error' : 'warn'
    logger[level]({ signer, nonce, txHash: attempt.hash, result, err: error }, 'cannot send')
    if (result !== 'nonceTaken') return
  }
}

/** Without funds, or without an answer of the node, a replacement does not help. */
function isStuck(tx: Unmined, head: ChainHead): boolean {
  const { age, block } = newestOf(tx)
  const isPriceable = tx.lastResult === null || tx.lastResult === 'refused' || tx.lastResult === 'nonceTaken'
  return isPriceable && age >= STUCK_SECONDS && head.number >= block + STUCK_BLOCKS
}

/**
 * @returns undefined if the price is at its ceiling or the signer does not sign. Then the last attempt is sent again.
 */
async function replace(turn: Turn, account: Signer, tx: Unmined) {
  const { pool, market, fees, maxFeePerGas, events, logger, lease, head } = turn
  const last = newestOf(tx)
  const price = raised(last.fees, await fees().catch(unlessUnavailable), maxFeePerGas)
  if (!price) return undefined
  const call = await callFor(turn, account, tx, last)
  const attempt = await sign(account, market.chainId, tx.nonce, call, price).catch(unlessUnavailable)
  if (!attempt || !(await insertAttempt(pool, lease, tx.id, attempt, head.number))) return undefined
  const names = { signer: account.address, nonce: tx.nonce, txHash: attempt.hash }
  logger.warn({ ...names, replaced: last.hash, filler: call.filler }, 'replaces what is stuck')
  events.emit('attemptReplaced', { ...names, replaced: last.hash, filler: call.filler })
  return attempt
}

/** The call for the claims that can still be won; without any, a filler, the cheapest call that uses the nonce. */
async function callFor(
  { pool, market }: Turn,
  account: Signer,
  { id }: Unmined,
  last: Pick<Attempt, 'filler' | 'gas'>,
): Promise<PricedCall> {
  const claims = last.filler ? [] : await claimsOf(pool, id)
  const open = claims.filter(({ state }) => state === 'open')
  const calls = open.map(({ request }) => claimCall(market, account.address, request))
  const trials = await Promise.all(calls.map((call) => tryCall(market, call, 'latest')))
  const winnable = open.filter((_, position) => 'passed' in (trials[position] ?? {}))
  const [call] = calls
  if (!call || winnable.length === 0) return fillerCall(account)
  if (claims.length === 1) return { ...call, gas: last.gas, filler: false }
  const requests = winnable.map(({ request }) => request)
  const batch = batchCall(market, account.address, requests)
  return { ...batch, gas: batchGasLimit(batch, requests.length), filler: false }
}

/**
 * Fills nonces below the lowest stored one that have no transaction in the database or at the node: a foreign
 * transaction was lost, or a node miscounted.
 * @param used the number of nonces that the chain has used.
 * @param lowest the lowest nonce of the unmined transactions.
 */
export async function fillGaps(turn: Turn, account: Signer, used: number, lowest: number) {
  const { pool, market, fees, events, logger, lease, head } = turn
  const { address } = account
  const [price, pending] = await Promise.all([
    fees(),
    answer(market.client.getTransactionCount({ address, blockTag: 'pending' })),
  ])
  if (pending !== used) return
  for (let nonce = used; nonce < lowest; nonce++) {
    const attempt = await sign(account, market.chainId, nonce, fillerCall(account), price)
    if (!(await insertFiller(pool, lease, nonce, attempt, head.number))) return
    const names = { signer: address, nonce, txHash: attempt.hash }
    logger.warn(names, 'fills a gap in the nonces')
    events.emit('gapFilled', names)
  }
}

function newestOf({ id, attempts: [newest] }: Unmined) {
  if (!newest) throw new Error(`Transaction ${id} has no attempt`)
  return newest
}
