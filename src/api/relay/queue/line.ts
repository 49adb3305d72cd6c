import { size } from 'viem'
import { unavailable } from '../chain/client.ts'
import type { Candidate, Obstacle } from '../store/reservations.ts'
import type { Allocated } from '../submission/allocation.ts'
import type { Signer } from '../submission/signing.ts'

/**
 * How many claims may wait in a process. A block of 30 million gas has room for two batches, 100 claims: whoever comes
 * after a thousand would wait for longer than a request waits for its answer.
 */
const MAX_WAITING = 1_000

/** The signatures of a transaction, in bytes. Nodes take no transaction of more than 128 KiB. */
const MAX_SIGNATURE_BYTES = 65_536

/** A claim in the line. */
export type Waiting = {
  candidate: Candidate
  /** Who can make it. */
  signers: Signer[]
  /** Aborts when nobody waits for the claim any more. */
  signal: AbortSignal
  resolve: (outcome: Allocated | Obstacle | undefined) => void
  reject: (error: unknown) => void
}

/** The claims that passed their trials and wait for a signer, first come, first served. */
export function createLine() {
  let waiting: Waiting[] = []

  function remove(gone: Set<Waiting>) {
    waiting = waiting.filter((entry) => !gone.has(entry))
  }

  /** @throws Problem RELAY_UNAVAILABLE if too many wait already. */
  function assertRoom() {
    if (waiting.length >= MAX_WAITING) throw unavailable('The relay is too busy.')
  }

  return {
    assertRoom,

    length: () => waiting.length,

    waitsFor: (account: Signer) => waiting.some(({ signers }) => signers.includes(account)),

    /** @returns what became of the claim; undefined if it gave up its place. */
    enter(candidate: Candidate, signers: Signer[], signal: AbortSignal) {
      assertRoom()
      const { promise, resolve, reject } = Promise.withResolvers<Allocated | Obstacle | undefined>()
      waiting.push({ candidate, signers, signal, resolve, reject })
      return promise
    },

    /** Takes out at most `most` claims that the signer can make in one transaction: one of each run. */
    take(account: Signer, most: number): Waiting[] {
      const runs = new Set<bigint>()
      let bytes = 0
      const taken = waiting.filter(({ candidate: { claim }, signers }) => {
        const { bountyId, signed } = claim.request
        const length = signed ? size(signed.signature) : 0
        const isFull = runs.size >= most || bytes + length > MAX_SIGNATURE_BYTES
        if (isFull || runs.has(bountyId) || !signers.includes(account)) return false
        runs.add(bountyId)
        bytes += length
        return true
      })
      remove(new Set(taken))
      return taken
    },

    /** Takes out all claims of which this holds. */
    takeAll(holds: (entry: Waiting) => boolean): Waiting[] {
      const taken = waiting.filter(holds)
      remove(new Set(taken))
      return taken
    },
  }
}
