import { size } from 'viem'
import { type ClaimRequest, slotOfClaim } from '../kinds/claims/message.ts'
import { unavailable } from '../refusal.ts'
import type { Signer } from '../sender/keys/signing.ts'

/**
 * The most claims that wait in a process. A block of 30 million gas has room for two batches, 100 claims. So a claim
 * behind a thousand others would wait longer than its request.
 */
const MAX_WAITING = 1_000

/** The most bytes of signatures in a transaction. Nodes refuse transactions of more than 128 KiB. */
const MAX_SIGNATURE_BYTES = 65_536

/** A claim in the queue. */
export type Entry<Result> = {
  request: ClaimRequest
  /** The client as the limits identify it. */
  client: string
  /** The signers that can make the claim. */
  signers: readonly Signer[]
  /** Ends its wait in the queue. */
  endWait?: (() => void) | undefined
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/** The run of a claim: what it waits for has no round. */
export const runOf = ({ request: { message } }: Pick<Entry<never>, 'request'>) => slotOfClaim(message.bountyId)

/**
 * The authenticated claims that wait for a signer. The queue is bounded and fair: the clients take turns, and if the
 * queue is full, the client with the most claims loses one. One claim of a run is taken at a time, because only one can
 * win.
 * @param onWait is called when an entry begins to wait, with a promise that resolves when it no longer waits.
 */
export function createClaimQueue<Result, Waiting extends Entry<Result>>(
  onWait: (entry: Waiting, ended: Promise<void>) => void,
) {
  /** The waiting entries of each client, in the order of the clients’ turns. */
  const byClient = new Map<string, Waiting[]>()
  /** The taken claim of each run that has one. */
  const takenOf = new Map<string, Waiting>()
  let length = 0

  const all = () => [...byClient.values()].flat()
  const isTaken = (entry: Waiting) => takenOf.get(runOf(entry)) === entry

  function startWait(entry: Waiting) {
    const { promise, resolve } = Promise.withResolvers<void>()
    entry.endWait = resolve
    onWait(entry, promise)
  }

  function remove(gone: ReadonlySet<Waiting>) {
    for (const { endWait } of gone) endWait?.()
    for (const [client, entries] of byClient) {
      const rest = entries.filter((entry) => !gone.has(entry))
      length -= entries.length - rest.length
      if (rest.length > 0) byClient.set(client, rest)
      else byClient.delete(client)
    }
  }

  function makeRoomFor(client: string) {
    const [largest] = [...byClient.values()].toSorted((left, right) => right.length - left.length)
    const newest = largest?.at(-1)
    if (!largest || !newest || newest.client === client || largest.length <= (byClient.get(client)?.length ?? 0) + 1) {
      throw unavailable('The claim queue is full.')
    }
    remove(new Set([newest]))
    newest.reject(unavailable('The claim queue is full, and most of it is yours.'))
  }

  /** Takes one entry of each client in turn, until there are `count` or no entry fits. */
  function pick(count: number, fits: (entry: Waiting) => boolean): Set<Waiting> {
    const taken = new Set<Waiting>()
    let bytesLeft = MAX_SIGNATURE_BYTES
    for (let isProgress = true; isProgress && taken.size < count; ) {
      isProgress = false
      for (const [client, entries] of [...byClient]) {
        if (taken.size >= count) return taken
        const entry = entries.find((one) => !taken.has(one) && !takenOf.has(runOf(one)) && fits(one))
        if (!entry) continue
        const length = size(entry.request.signature)
        if (length > bytesLeft) return taken
        bytesLeft -= length
        taken.add(entry)
        takenOf.set(runOf(entry), entry)
        isProgress = true
        // The client’s next turn is after all others.
        byClient.delete(client)
        byClient.set(client, entries)
      }
    }
    return taken
  }

  return {
    length: () => length,

    /** Whether the entry is taken, and neither released nor put back. */
    isTaken,

    /** Whether there is a claim to take for the signer. */
    hasWorkFor: (signer: Signer) => all().some((entry) => entry.signers.includes(signer) && !takenOf.has(runOf(entry))),

    /** @throws Refusal RELAY_UNAVAILABLE if the queue is full and no client has more claims in it. */
    enter(entry: Waiting) {
      if (length >= MAX_WAITING) makeRoomFor(entry.client)
      startWait(entry)
      byClient.set(entry.client, [...(byClient.get(entry.client) ?? []), entry])
      length++
    },

    /** Puts taken claims back, before the other claims of their clients. One that was released since is answered already. */
    putBack(entries: readonly Waiting[]) {
      const taken = entries.filter(isTaken)
      this.release(taken)
      for (const entry of taken.toReversed()) {
        startWait(entry)
        byClient.set(entry.client, [entry, ...(byClient.get(entry.client) ?? [])])
        length++
      }
    },

    /** Takes at most `count` claims of different runs that the signer can make. */
    take(signer: Signer, count: number): Waiting[] {
      const taken = pick(count, ({ signers }) => signers.includes(signer))
      remove(taken)
      return [...taken]
    },

    /** Lets other claims of these runs be taken, because the taken claims have a result. */
    release(entries: readonly Waiting[]) {
      for (const entry of entries) if (isTaken(entry)) takenOf.delete(runOf(entry))
    },

    /** Removes all waiting claims for which the predicate is true. */
    takeAll(matches: (entry: Waiting) => boolean): Waiting[] {
      const taken = all().filter(matches)
      remove(new Set(taken))
      return taken
    },
  }
}
