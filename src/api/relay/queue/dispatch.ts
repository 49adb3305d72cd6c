import { unavailable } from '../chain/client.ts'
import { isConflict } from '../store/database.ts'
import type { Candidate } from '../store/reservations.ts'
import type { Allocated, Allocator, Hindrance, Room } from '../submission/allocation.ts'
import type { Signer } from '../submission/signing.ts'
import { createLine, type Waiting } from './line.ts'

type Options = {
  allocator: Allocator
  accounts: Signer[]
  /** Hands new bytes to the node. */
  send: (allocated: Allocated, made: Candidate[]) => void
  /** How soon a signer that is hindered is looked at again, in milliseconds. */
  interval: number
}

/** What the waiting of a request does not outlast, and what is said of it. */
const HOPELESS = new Map<Hindrance, string>([
  ['unfunded', 'The relayer is out of funds.'],
  ['spent', 'The relayer has spent its daily budget for gas.'],
])

export type Dispatch = ReturnType<typeof createDispatch>

/**
 * Gives the claims that wait to the signers in turn. While a signer is at work, claims gather, and whoever is free next
 * takes them all: under load they share transactions, and without it nobody waits for company.
 */
export function createDispatch({ allocator, accounts, send, interval }: Options) {
  const line = createLine()
  const busy = new Set<Signer>()
  const hindrances = new Map<Signer, Hindrance>()
  /** The signer that takes all that wait as soon as it has its lock: another would find nothing. */
  let next: Signer | undefined
  let turn = 0

  function firstFree(suits: (account: Signer) => boolean) {
    const first = turn % accounts.length
    const order = [...accounts.slice(first), ...accounts.slice(0, first)]
    return order.find((account) => !busy.has(account) && suits(account))
  }

  function assign() {
    if (next) return
    next = firstFree(line.waitsFor)
    if (!next) return
    turn = accounts.indexOf(next) + 1
    busy.add(next)
    void work(next)
  }

  function release(account: Signer) {
    if (next === account) next = undefined
    busy.delete(account)
    assign()
  }

  /** So many that the other signers, if all of them can, take the rest; and as many as it has room for at most. */
  function shareOf({ items, transactions }: Room) {
    const able = Math.max(1, accounts.length - hindrances.size)
    return items * Math.min(transactions, Math.max(1, Math.ceil(line.length() / (items * able))))
  }

  async function work(account: Signer) {
    let taken: Waiting[] = []
    hindrances.delete(account)
    try {
      const placed = await allocator.place(account, (room) => {
        taken = line.take(account, shareOf(room))
        next = undefined
        queueMicrotask(assign)
        return taken.map(({ candidate }) => candidate)
      })
      if (typeof placed === 'string') return hinder(account, placed)
      const transactionOf = new Map<Candidate, Allocated>()
      for (const { made, ...allocated } of placed.made) {
        for (const candidate of made) transactionOf.set(candidate, allocated)
        send(allocated, made)
      }
      for (const { candidate, resolve } of taken) {
        resolve(transactionOf.get(candidate) ?? placed.obstacles.get(candidate))
      }
      const runs = new Set([...transactionOf.keys()].map(({ claim }) => claim.request.bountyId))
      const rivals = line.takeAll(({ candidate }) => runs.has(candidate.claim.request.bountyId))
      for (const { resolve } of rivals) resolve('rival')
    } catch (error) {
      const refused = taken.length > 0 ? taken : line.takeAll(({ signers }) => signers.includes(account))
      for (const { resolve, reject } of refused) isConflict(error) ? resolve('rival') : reject(error)
    }
    release(account)
  }

  /** The claims wait for the signer, or for another, unless nobody can be expected to take them soon. */
  function hinder(account: Signer, hindrance: Hindrance) {
    hindrances.set(account, hindrance)
    next = undefined
    setTimeout(release, interval, account)
    const refused = line.takeAll(({ signers }) =>
      signers.every((signer) => HOPELESS.has(hindrances.get(signer) ?? 'full')),
    )
    for (const { reject } of refused) reject(unavailable(HOPELESS.get(hindrance) ?? '', undefined, 60))
    dismiss()
    assign()
  }

  /** Whoever may not wait leaves if no signer is free; else its turn comes at once. */
  function dismiss() {
    const gone = line.takeAll(
      ({ signers, signal }) => signal.aborted && signers.every((signer) => hindrances.has(signer)),
    )
    for (const { resolve } of gone) resolve(undefined)
  }

  return {
    length: line.length,

    /** @throws Problem RELAY_UNAVAILABLE if there is no room for a claim that these may make; else it may come. */
    anticipate(signers: Signer[]) {
      line.assertRoom()
      const account = firstFree((free) => signers.includes(free))
      if (account) allocator.anticipate(account)
    },

    /**
     * @param signers who can make it.
     * @param signal ends the waiting where all signers are hindered.
     * @returns the transaction that makes the claim, or why it got none.
     * @throws Problem RELAY_UNAVAILABLE
     */
    async place(candidate: Candidate, signers: Signer[], signal: AbortSignal) {
      const entered = line.enter(candidate, signers, signal)
      assign()
      signal.addEventListener('abort', dismiss)
      try {
        return (await entered) ?? signers.map((signer) => hindrances.get(signer)).find(Boolean) ?? 'full'
      } finally {
        signal.removeEventListener('abort', dismiss)
      }
    },
  }
}
