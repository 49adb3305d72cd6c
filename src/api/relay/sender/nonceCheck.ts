import type { Logger } from 'pino'
import type { Address } from 'viem'
import { unavailable } from '../refusal.ts'
import type { Backlog } from './store/transactions.ts'

export type NonceCheck = ReturnType<typeof createNonceCheck>

/**
 * Refuses implausible transaction counts of a node. A transaction with a nonce far above the last one, and all after
 * it, cannot be mined until every nonce in between is filled. The relay knows what it signed, and other programs may
 * have used the key a few times.
 * @param margin how many nonces other programs may have used.
 */
export function createNonceCheck(margin: number, logger: Logger) {
  const objections = new Map<Address, string>()

  function pause(signer: Address, objection: string) {
    if (!objections.has(signer)) logger.error({ signer, objection, margin }, 'implausible nonces: the signer rests')
    objections.set(signer, objection)
  }

  /** For a signer that never signed for this relay, the node's count of mined transactions is accepted. */
  function objectionToMined(signer: Address, nextNonce: number, mined: number) {
    if (nextNonce === 0 || mined <= nextNonce + margin) return undefined
    return `The node counts ${mined} mined transactions of ${signer}; the relay signed up to nonce ${nextNonce - 1}.`
  }

  return {
    /** @throws Refusal RELAY_UNAVAILABLE if the count is implausible. Then the signer is paused until `accepts`. */
    assertMined(signer: Address, nextNonce: number, mined: number) {
      const objection = objectionToMined(signer, nextNonce, mined)
      if (objection === undefined) return
      pause(signer, objection)
      throw unavailable(objection)
    },

    /**
     * @param backlog read after the nonce was locked.
     * @param counts the node's number of mined transactions, and the nonce that it expects next.
     * @returns whether the counts are plausible. If not, the signer is paused until the node returns plausible ones.
     */
    accepts(signer: Address, backlog: Backlog, { mined, pending }: { mined: number; pending: number }): boolean {
      const { nextNonce, settled, unmined } = backlog
      const unknown = Math.max(nextNonce, pending) - Math.max(settled, mined) - unmined
      const gap = `The node expects nonce ${pending} of ${signer}; no transaction is known of ${unknown} nonces before it.`
      const objection = objectionToMined(signer, nextNonce, mined) ?? (unknown > margin ? gap : undefined)
      if (objection !== undefined) pause(signer, objection)
      else if (objections.delete(signer)) logger.warn({ signer }, 'the nonces are plausible again')
      return objection === undefined
    },

    /** Why the signer is paused; undefined if it is not. */
    objectionTo: (signer: Address) => objections.get(signer),
  }
}
