import type { Logger } from 'pino'
import type { Address } from 'viem'
import type { Backlog } from '../store/transactions.ts'

export type NonceCheck = ReturnType<typeof createNonceCheck>

/**
 * Refuses implausible transaction counts of a node. A transaction with a nonce far above the last one, and all after
 * it, cannot be mined until every nonce in between is filled. The relay knows what it signed, and other programs may
 * have used the key a few times.
 * @param margin how many nonces other programs may have used.
 */
export function createNonceCheck(margin: number, logger: Logger) {
  const objections = { mined: new Map<Address, string>(), pending: new Map<Address, string>() }
  const objectionTo = (signer: Address) => objections.mined.get(signer) ?? objections.pending.get(signer)

  function store(about: keyof typeof objections, signer: Address, objection: string | undefined) {
    const wasResting = objectionTo(signer) !== undefined
    if (objection === undefined) objections[about].delete(signer)
    else objections[about].set(signer, objection)
    const isResting = objectionTo(signer) !== undefined
    if (isResting && !wasResting) logger.error({ signer, objection, margin }, 'implausible nonces: the signer rests')
    if (wasResting && !isResting) logger.warn({ signer }, 'the nonces are plausible again')
  }

  /** For a signer that never signed for this relay, the node's count of mined transactions is accepted. */
  function acceptsMined(signer: Address, nextNonce: number, mined: number): boolean {
    const isTooHigh = nextNonce > 0 && mined > nextNonce + margin
    const objection = `The node counts ${mined} mined transactions of ${signer}; the relay signed up to nonce ${nextNonce - 1}.`
    store('mined', signer, isTooHigh ? objection : undefined)
    return !isTooHigh
  }

  return {
    /** @returns whether the count is plausible. If not, the signer is paused until the node returns a plausible one. */
    acceptsMined,

    /**
     * @param backlog read after the nonce was locked.
     * @param counts the node's number of mined transactions, and the nonce that it expects next.
     * @returns whether the counts are plausible. If not, the signer is paused until the node returns plausible ones.
     */
    accepts(signer: Address, backlog: Backlog, { mined, pending }: { mined: number; pending: number }): boolean {
      const { nextNonce, settled, unmined } = backlog
      const unknown = Math.max(nextNonce, pending) - Math.max(settled, mined) - unmined
      const objection = `The node expects nonce ${pending} of ${signer}; no transaction is known of ${unknown} nonces before it.`
      const isMinedPlausible = acceptsMined(signer, nextNonce, mined)
      store('pending', signer, unknown > margin ? objection : undefined)
      return isMinedPlausible && unknown <= margin
    },

    /** Why the signer is paused; undefined if it is not. */
    objectionTo,
  }
}
