import { answer } from '../../chain/client.ts'
import { isFairReplacement, replacementFees } from '../../chain/fees.ts'
import type { ChainHead } from '../../chain/heads.ts'
import { unlessUnavailable } from '../../refusal.ts'
import type { Actions } from '../action.ts'
import { broadcast } from '../broadcast.ts'
import type { Turn } from '../context.ts'
import { fillerCall, type Signer, sign } from '../keys/signing.ts'
import { backlogOf, insertAttempt, insertFiller, rawOf, recordBroadcasts, type Unmined } from '../store/transactions.ts'

/** An attempt is stuck, and is replaced, once it is older than both. */
const STUCK_SECONDS = 5
const STUCK_BLOCKS = 3n

/**
 * Broadcasts the transactions that are due, lowest nonce first, because a nonce is mined only after all lower ones.
 * Without the signer's key, and if their kind is unknown, transactions are sent again unchanged, not replaced at a higher price.
 */
export async function resendDue(
  turn: Turn,
  actions: Actions,
  isKnown: (tx: Unmined) => boolean,
  unmined: readonly Unmined[],
) {
  const { broadcaster, pool, events, logger, account, head } = turn
  const { signer } = turn.lease
  for (const [position, tx] of unmined.entries()) {
    if (tx.dueIn > 0) continue
    const { nonce } = tx
    const isReplaceable = isKnown(tx)
    const isOverdue = isReplaceable && !tx.newest.filler && (await actions.isOverdue(tx.id))
    const isDue = isOverdue || (isReplaceable && position === 0 && isStuck(tx, head))
    const replacement = account && isDue ? await replace(turn, actions, account, tx) : undefined
    // The later ones wait: their nonces come after this one.
    if (isOverdue && !replacement) return
    const attempt = replacement ?? tx.newest
    const { result, error } = await broadcast(broadcaster, await rawOf(pool, attempt.hash))
    await recordBroadcasts(pool, [{ tx: tx.id, result }])
    events.emit('attemptSent', { signer, nonce, txHash: attempt.hash, result, error })
    if (result === 'accepted') continue
    const level = result === 'unfunded' || result === 'refused' ? 'error' : 'warn'
    logger[level]({ signer, nonce, txHash: attempt.hash, result, err: error }, 'cannot send')
    if (result !== 'nonceTaken') return
  }
}

/** Without funds, or without an answer of the node, a replacement does not help. */
function isStuck({ lastResult, newest }: Unmined, head: ChainHead): boolean {
  const isPriceable = lastResult === null || lastResult === 'refused' || lastResult === 'nonceTaken'
  return isPriceable && newest.age >= STUCK_SECONDS && head.number >= newest.block + STUCK_BLOCKS
}

/**
 * @returns undefined if the price is at its ceiling, the budget does not cover it, or the signer does not sign. Then the last
 * attempt is sent again.
 */
async function replace(turn: Turn, actions: Actions, account: Signer, tx: Unmined) {
  const { pool, chainId, fees, maxFeePerGas, events, logger, lease, head } = turn
  const { id, nonce, newest: last } = tx
  const current = await fees().catch(unlessUnavailable)
  const price = current && replacementFees(last, current)
  if (!price || price.maxFeePerGas > maxFeePerGas || !isFairReplacement(price, current)) return undefined
  const useful = last.filler ? undefined : await actions.callWorthSending(id, account.address, last.gas)
  // Without any action, a filler is the cheapest call that uses the nonce.
  const call = useful ?? fillerCall(account)
  if (!(await isWithinBudget(turn, tx, call.gas * price.maxFeePerGas))) return undefined
  const attempt = await sign(account, chainId, nonce, call, price).catch(unlessUnavailable)
  if (!attempt || !(await insertAttempt(pool, lease, id, attempt, head.number))) return undefined
  const names = { signer: account.address, nonce, txHash: attempt.hash }
  const change = { replaced: last.hash, filler: attempt.filler }
  logger.warn({ ...names, ...change }, 'replaces what is stuck')
  events.emit('attemptReplaced', { ...names, ...change })
  return attempt
}

/** Whether the signer's budget covers a replacement at this cost, with what it has spent and its other transactions. */
async function isWithinBudget({ pool, dailyBudget, lease }: Turn, { attempts }: Unmined, replaced: bigint) {
  const { spent, committed } = await backlogOf(pool, lease.signer)
  const ceilings = attempts.map(({ gas, maxFeePerGas }) => gas * maxFeePerGas)
  const [counted = 0n] = ceilings.sort((left, right) => (left < right ? 1 : -1))
  return replaced <= counted || spent + committed - counted + replaced <= dailyBudget
}

/**
 * Fills nonces below the lowest stored one that have no transaction in the database or at the node: a foreign
 * transaction was lost, or a node miscounted.
 * @param used the number of nonces that the chain has used.
 * @param lowest the lowest nonce of the unmined transactions.
 */
export async function fillGaps(turn: Turn, account: Signer, used: number, lowest: number) {
  const { pool, client, chainId, fees, events, logger, lease, head } = turn
  const { address } = account
  const [price, pending] = await Promise.all([
    fees(),
    answer(client.getTransactionCount({ address, blockTag: 'pending' })),
  ])
  if (pending !== used) return
  for (let nonce = used; nonce < lowest; nonce++) {
    const attempt = await sign(account, chainId, nonce, fillerCall(account), price)
    if (!(await insertFiller(pool, lease, nonce, attempt, head.number))) return
    const names = { signer: address, nonce, txHash: attempt.hash }
    logger.warn(names, 'fills a gap in the nonces')
    events.emit('gapFilled', names)
  }
}
