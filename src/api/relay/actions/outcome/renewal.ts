import type { ChainHead } from '../../chain/heads.ts'
import { tryNowAndNext, verdictOf } from '../../chain/simulation.ts'
import type { Made } from '../../kinds/kind.ts'
import { signatureExpired } from '../../kinds/refusal.ts'
import { actionGasLimit, type Message } from '../../kinds/request.ts'
import { moveRow } from '../../ledger/rows.ts'
import { isUnavailable } from '../../refusal.ts'
import type { Turn } from '../../sender/context.ts'
import { signingRestOf } from '../../sender/keys/signing.ts'
import type { Placer } from '../../sender/placement.ts'
import type { ActionsContext } from '../context.ts'
import { nameOf, type StoredAction } from '../store/actions.ts'
import type { DecideAction } from './decideAction.ts'

/** Decides open actions whose transaction can no longer decide them, or gives them new transactions. */
export function createSendAnew(context: ActionsContext, placer: Placer, decide: DecideAction) {
  const { pool, market, kinds, store, accounts, events, logger } = context

  /** What the action has made, if the transaction that used its nonce was one of its own that the database has lost. */
  async function findLost(message: Message, head: ChainHead): Promise<Made | undefined> {
    const found = (await kinds.of(message).findLost?.(message, head)) ?? []
    if (found.length === 0) return undefined
    const known = await store.makersFor(pool, message.party)
    return found.find(({ txHash }) => !known.has(txHash))
  }

  /** @returns whether the action is decided or has a new transaction. */
  async function renew({ lease, head }: Turn, action: StoredAction): Promise<boolean> {
    const { request } = action
    const { message } = request
    // A key that does not sign must not delay an action that another one can make.
    const signing = accounts.filter((account) => signingRestOf(account) === 0)
    const signer = signing.find(({ address }) => address === lease.signer) ?? signing[0]
    if (!signer) return false
    const { to, data } = kinds.callOf(signer.address, request)
    const verdict = verdictOf(await tryNowAndNext(market, { from: signer.address, to, data }))
    if (verdict.result === 'undecided') return false
    if (verdict.result === 'fails') {
      await decide.store(lease, action, await decide.decisionOf(action, verdict.failure))
      return true
    }
    if (message.deadline < head.timestamp) {
      await decide.store(lease, action, {
        state: 'refused',
        problem: signatureExpired(message.deadline, head.timestamp),
      })
      return true
    }
    const lost = action.tx.state === 'taken' ? await findLost(message, head) : undefined
    if (lost) {
      await decide.store(lease, action, { state: 'done', ...lost })
      return true
    }
    const gas = actionGasLimit(verdict.gas, kinds.of(message).mostGasOf(message))
    const renewed = await placer.placeAgain(signer, async (db) => {
      const tx = await moveRow(db, lease, action.actionId, action.tx.id)
      return tx === undefined ? undefined : { tx, kind: message.action, call: { to, data, gas } }
    })
    if (!renewed) return true
    if (typeof renewed === 'string') return false
    const { nonce, attempt } = renewed
    events.emit('actionPlaced', { ...nameOf(action), signer: signer.address, nonce, txHash: attempt.hash })
    logger.warn({ actionId: action.actionId, txHash: attempt.hash }, 'sends the action anew')
    return true
  }

  /** @returns whether no action is left. One that cannot be renewed now does not delay the others. */
  return async function sendAnew(turn: Turn): Promise<boolean> {
    const stranded = await store.strandedOf(pool, turn.lease.signer)
    const renewed = stranded.map((action) =>
      renew(turn, action).catch((error) => {
        const level = isUnavailable(error) ? 'warn' : 'error'
        logger[level]({ err: error, actionId: action.actionId }, 'cannot renew an action')
        return false
      }),
    )
    return (await Promise.all(renewed)).every(Boolean)
  }
}
