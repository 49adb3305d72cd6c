import type { Logger } from 'pino'
import type { Address } from 'viem'
import type { Backlog } from '../store/transactions.ts'

export type NonceCheck = ReturnType<typeof createNonceCheck>

/**
 * Refuses counts of transactions that cannot be true. A nonce far above the last one would keep its transaction, and all
 * after it, from being mined until every nonce between is filled. The relay knows what it signed, and others may have
 * used the key a few times.
 * @param margin how many nonces others may have used unseen.
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

  /** Of a signer that never signed for this relay, nothing is known: its mined transactions are believed. */
  function acceptsMined(signer: Address, nextNonce: number, mined: number): boolean {
    const isTooHigh = nextNonce > 0 && mined > nextNonce + margin
    const objection = `The node counts ${mined} mined transactions of ${signer}; the relay signed up to nonce ${nextNonce - 1}.`
    store('mined', signer, isTooHigh ? objection : undefined)
    return !isTooHigh
  }

  return {
    /** @returns whether the count is plausible; else the signer rests until the node gives a plausible one. */
    acceptsMined,

    /**
     * @param backlog read after the nonce was locked.
     * @param counts of the node: what it has mined, and the nonce that it expects next.
     * @returns whether the counts are plausible; else the signer rests until the node gives plausible ones.
     */
    accepts(
      signer: Address,
      nextNonce: number,
      { settled, unmined }: Pick<Backlog, 'settled' | 'unmined'>,
      { mined, pending }: { mined: number; pending: number },
    ): boolean {
      const unknown = Math.max(nextNonce, pending) - Math.max(settled, mined) - unmined
      const objection = `The node expects nonce ${pending} of ${signer}; no transaction is known of ${unknown} nonces before it.`
      const isMinedPlausible = acceptsMined(signer, nextNonce, mined)
      store('pending', signer, unknown > margin ? objection : undefined)
      return isMinedPlausible && unknown <= margin
    },

    /** Why the signer rests; undefined where it does not. */
    objectionTo,
  }
}
