import { describe, expect, it } from 'vitest'
import { accountOf } from '../../devnet/accounts.ts'
import { createClaimQueue, type Entry } from '../../src/api/relay/queue/claimQueue.ts'

const signer = accountOf(1)
const otherSigner = accountOf(2)

type Options = { client?: string; bytes?: number; isAdvised?: boolean; signers?: (typeof signer)[] }

/** A claim of the run, and the errors with which it was rejected. */
function entryOf(bountyId: bigint, { client = 'a', bytes = 65, isAdvised = true, signers = [signer] }: Options = {}) {
  const signed = { deadline: 1n, signature: `0x${'11'.repeat(bytes)}` as const }
  const rejected: unknown[] = []
  const entry: Entry<string> = {
    request: { bountyId, agentId: 1n, wallet: signer.address, signed },
    client,
    signers,
    isAdvised,
    resolve: () => undefined,
    reject: (error) => rejected.push(error),
  }
  return { entry, rejected }
}

function queueOf(...entries: Entry<string>[]) {
  const queue = createClaimQueue<string, Entry<string>>()
  for (const entry of entries) queue.enter(entry)
  return queue
}

const runsOf = (entries: Entry<string>[]) => entries.map(({ request }) => request.bountyId)

describe('the claim queue', () => {
  it('hands out the claims of a client in the order in which they came, as many as are asked for', () => {
    const queue = queueOf(...[3n, 1n, 2n].map((run) => entryOf(run).entry))
    expect(runsOf(queue.take(signer, 2))).toEqual([3n, 1n])
    expect(runsOf(queue.take(signer, 2))).toEqual([2n])
    expect(queue.length()).toBe(0)
  })

  it('lets clients take turns, so that one with many claims delays only its own', () => {
    const flood = Array.from({ length: 50 }, (_, run) => entryOf(BigInt(run)).entry)
    const queue = queueOf(...flood, entryOf(100n, { client: 'b' }).entry, entryOf(101n, { client: 'c' }).entry)
    expect(runsOf(queue.take(signer, 3))).toEqual([0n, 100n, 101n])
    expect(runsOf(queue.take(signer, 2))).toEqual([1n, 2n])
  })

  it('hands out a claim with a signer that can make it', () => {
    const queue = queueOf(entryOf(1n, { signers: [otherSigner] }).entry, entryOf(2n).entry)
    expect(queue.hasWorkFor(signer)).toBe(true)
    expect(runsOf(queue.take(signer, 50))).toEqual([2n])
    expect(queue.hasWorkFor(signer)).toBe(false)
    expect(runsOf(queue.take(otherSigner, 50))).toEqual([1n])
  })

  it('has one claim of a run out at a time, for only one can win', () => {
    const queue = queueOf(...[7n, 7n, 8n].map((run) => entryOf(run).entry))
    const taken = queue.take(signer, 50)
    expect(runsOf(taken)).toEqual([7n, 8n])
    expect(queue.hasWorkFor(signer)).toBe(false)
    expect(queue.take(signer, 50)).toEqual([])
    queue.release(taken)
    expect(runsOf(queue.take(signer, 50))).toEqual([7n])
  })

  it('hands out what the index calls eligible first, and at least one other claim each time', () => {
    const doubtful = [1n, 2n, 3n].map((run) => entryOf(run, { isAdvised: false }).entry)
    const queue = queueOf(...doubtful, ...[4n, 5n, 6n].map((run) => entryOf(run, { client: 'b' }).entry))
    expect(runsOf(queue.take(signer, 3))).toEqual([4n, 5n, 1n])
    expect(runsOf(queue.take(signer, 3))).toEqual([6n, 2n, 3n])
  })

  it('prefers an eligible claim of a run to those that came before it', () => {
    const junk = Array.from({ length: 20 }, () => entryOf(7n, { isAdvised: false }).entry)
    const honest = entryOf(7n, { client: 'b' }).entry
    const queue = queueOf(...junk, honest)
    expect(queue.take(signer, 50)).toEqual([honest])
  })

  it('takes no more for a transaction than a node accepts, however long the signatures', () => {
    const entries = Array.from({ length: 20 }, (_, run) => entryOf(BigInt(run), { bytes: 8_192 }).entry)
    expect(queueOf(...entries).take(signer, 50)).toHaveLength(8)
  })

  it('is bounded: a client that fills it is refused, with the seconds to wait', () => {
    const queue = queueOf(...Array.from({ length: 1_000 }, (_, run) => entryOf(BigInt(run)).entry))
    expect(() => queue.enter(entryOf(1_000n).entry)).toThrow(
      expect.objectContaining({ code: 'RELAY_UNAVAILABLE', headers: { 'Retry-After': expect.any(String) } }),
    )
    queue.take(signer, 1)
    expect(() => queue.enter(entryOf(1_000n).entry)).not.toThrow()
  })

  it('makes room for another client when it is full: the newest claim of the largest client gives way', () => {
    const newest = entryOf(999n)
    const queue = queueOf(...Array.from({ length: 999 }, (_, run) => entryOf(BigInt(run)).entry), newest.entry)
    queue.enter(entryOf(2_000n, { client: 'b' }).entry)
    expect(newest.rejected).toEqual([expect.objectContaining({ code: 'RELAY_UNAVAILABLE' })])
    expect(queue.length()).toBe(1_000)
    expect(runsOf(queue.take(signer, 2))).toEqual([0n, 2_000n])
  })

  it('takes back claims before the others of their client', () => {
    const queue = queueOf(...[1n, 2n, 3n].map((run) => entryOf(run).entry))
    const taken = queue.take(signer, 2)
    queue.release(taken)
    queue.putBack(taken)
    expect(runsOf(queue.take(signer, 3))).toEqual([1n, 2n, 3n])
  })
})
