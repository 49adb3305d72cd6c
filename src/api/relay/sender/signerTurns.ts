import type { Signer } from './keys/signing.ts'
import type { Blocker } from './placement.ts'

/** The answer to an action that no signer can take. */
type Hopeless = { detail: string; retrySeconds: number }

/** The blockers that may last longer than a request. */
const lastingBlockers = new Map<Blocker, Hopeless>([
  ['unfunded', { detail: 'The relayer is out of funds.', retrySeconds: 60 }],
  ['spent', { detail: 'The relayer has spent its daily budget for gas.', retrySeconds: 60 }],
  ['resting', { detail: 'The chain’s node gives implausible nonces of the relayer.', retrySeconds: 60 }],
  // A storm of cancelled statements, or a failover, lasts seconds: a client that waits a minute would wait for nothing.
  ['unreachable', { detail: 'The chain’s node or the relay’s database does not answer.', retrySeconds: 2 }],
  // A key store that did not answer once is asked again within seconds.
  ['notSigning', { detail: 'The relayer’s key does not sign.', retrySeconds: 5 }],
])

/**
 * Chooses the signer of the next batch. The signers take turns, a signer has one batch at a time, and a blocked signer
 * is checked again after a rest.
 * @param onReady is called when a blocked signer can be checked again.
 */
export function createSignerTurns(signers: readonly Signer[], onReady: () => void) {
  const busy = new Set<Signer>()
  const blockers = new Map<Signer, Blocker>()
  const resting = new Set<Signer>()
  let turn = 0

  return {
    /** Takes the next free signer for which `hasWork` is true, until `finish`; undefined if there is none. */
    start(hasWork: (signer: Signer) => boolean): Signer | undefined {
      const first = turn % signers.length
      const inTurn = signers.slice(first).concat(signers.slice(0, first))
      const signer = inTurn.find((one) => !resting.has(one) && !busy.has(one) && hasWork(one))
      if (!signer) return undefined
      turn = signers.indexOf(signer) + 1
      busy.add(signer)
      return signer
    },

    finish: (signer: Signer) => busy.delete(signer),

    /** @param rest how long the signer gets no turn, in milliseconds. */
    block(signer: Signer, blocker: Blocker, rest: number) {
      blockers.set(signer, blocker)
      resting.add(signer)
      setTimeout(() => {
        resting.delete(signer)
        onReady()
      }, rest).unref()
    },

    unblock: (signer: Signer) => blockers.delete(signer),

    isBlocked: (signer: Signer) => blockers.has(signer),

    /** The number of signers that take claims; at least 1. */
    able: () => Math.max(1, signers.length - blockers.size),

    /** What blocks the first of these signers that is blocked. */
    blockerAmong: (some: readonly Signer[]) => some.map((signer) => blockers.get(signer)).find(Boolean),

    /** The answer to a claim if all its signers are blocked for long; undefined if one may take it soon. */
    hopelessness(some: readonly Signer[]): Hopeless | undefined {
      const reasons = some.map((signer) => lastingBlockers.get(blockers.get(signer) ?? 'full'))
      if (!reasons.every((reason) => reason !== undefined)) return undefined
      return reasons.sort((left, right) => left.retrySeconds - right.retrySeconds)[0]
    },
  }
}
