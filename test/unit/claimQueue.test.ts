import { describe, expect, it } from 'vitest'
import { createClaimQueue, type Entry } from '../../src/api/relay/claims/claimQueue.ts'
import { accountOf } from '../../tools/devnet/accounts.ts'

const signer = accountOf(1)
const otherSigner = accountOf(2)

type Options = { client?: string; bytes?: number; signers?: (typeof signer)[] }

/** A queued claim of the run, and the errors with which it was rejected. */
function entryOf(bountyId: bigint, { client = 'a', bytes = 65, signers = [signer] }: Options = {}) {
  const message = { action: 'claim', bountyId, agentId: 1n, party: signer.address, deadline: 1n } as const
  const rejected: unknown[] = []
  const entry: Entry<string> = {
    request: { message, signature: `0x${'11'.repeat(bytes)}` },
    client,
    signers,
    resolve: () => undefined,
    reject: (error) => rejected.push(error),
  }
  return { entry, rejected }
}

function queueOf(...entries: Entry<string>[]) {
  const queue = createClaimQueue<string, Entry<string>>(() => undefined)
  for (const entry of entries) queue.enter(entry)
  return queue
}

const runsOf = (entries: Entry<string>[]) => entries.map(({ request }) => request.message.bountyId)

describe('the claim queue', () => {
  it('takes a client’s claims in order of arrival, up to the requested number', () => {
    const queue = queueOf(...[3n, 1n, 2n].map((run) => entryOf(run).entry))
    expect(runsOf(queue.take(signer, 2))).toEqual([3n, 1n])
    expect(runsOf(queue.take(signer, 2))).toEqual([2n])
    expect(queue.length()).toBe(0)
  })

  it('takes clients in turn, so that a client with many claims delays only its own claims', () => {
    const flood = Array.from({ length: 50 }, (_, run) => entryOf(BigInt(run)).entry)
    const queue = queueOf(...flood, entryOf(100n, { client: 'b' }).entry, entryOf(101n, { client: 'c' }).entry)
    expect(runsOf(queue.take(signer, 3))).toEqual([0n, 100n, 101n])
    expect(runsOf(queue.take(signer, 2))).toEqual([1n, 2n])
  })

  it('takes a claim only for a signer that can send it', () => {
    const queue = queueOf(entryOf(1n, { signers: [otherSigner] }).entry, entryOf(2n).entry)
    expect(queue.hasWorkFor(signer)).toBe(true)
    expect(runsOf(queue.take(signer, 50))).toEqual([2n])
    expect(queue.hasWorkFor(signer)).toBe(false)
    expect(runsOf(queue.take(otherSigner, 50))).toEqual([1n])
  })

  it('takes one claim of a run at a time', () => {
    const queue = queueOf(...[7n, 7n, 8n].map((run) => entryOf(run).entry))
    const taken = queue.take(signer, 50)
    expect(runsOf(taken)).toEqual([7n, 8n])
    expect(queue.hasWorkFor(signer)).toBe(false)
    expect(queue.take(signer, 50)).toEqual([])
    queue.release(taken)
    expect(runsOf(queue.take(signer, 50))).toEqual([7n])
  })

  it('limits a transaction to the size that a node accepts, for signatures of any length', () => {
    const entries = Array.from({ length: 20 }, (_, run) => entryOf(BigInt(run), { bytes: 8_192 }).entry)
    expect(queueOf(...entries).take(signer, 50)).toHaveLength(8)
  })

  it('refuses a client that fills the queue, with the seconds to wait', () => {
    const queue = queueOf(...Array.from({ length: 1_000 }, (_, run) => entryOf(BigInt(run)).entry))
    expect(() => queue.enter(entryOf(1_000n).entry)).toThrow(
      expect.objectContaining({ code: 'RELAY_UNAVAILABLE', retrySeconds: expect.any(Number) }),
    )
    queue.take(signer, 1)
    expect(() => queue.enter(entryOf(1_000n).entry)).not.toThrow()
  })

  it('when full, drops the newest claim of the client with the most claims for another client', () => {
    const newest = entryOf(999n)
    const queue = queueOf(...Array.from({ length: 999 }, (_, run) => entryOf(BigInt(run)).entry), newest.entry)
    queue.enter(entryOf(2_000n, { client: 'b' }).entry)
    expect(newest.rejected).toEqual([expect.objectContaining({ code: 'RELAY_UNAVAILABLE' })])
    expect(queue.length()).toBe(1_000)
    expect(runsOf(queue.take(signer, 2))).toEqual([0n, 2_000n])
  })

  it('puts returned claims before the client’s other claims', () => {
    const queue = queueOf(...[1n, 2n, 3n].map((run) => entryOf(run).entry))
    const taken = queue.take(signer, 2)
    queue.putBack(taken)
    expect(runsOf(queue.take(signer, 3))).toEqual([1n, 2n, 3n])
  })

  it('neither puts back a claim that was released, nor releases the next claim of its run with it', () => {
    const [late, next] = [entryOf(7n).entry, entryOf(7n).entry]
    const queue = queueOf(late, next)
    expect(queue.take(signer, 50)).toEqual([late])
    queue.release([late])
    expect(queue.take(signer, 50)).toEqual([next])
    queue.putBack([late])
    queue.release([late])
    expect(queue.length()).toBe(0)
    expect([late, next].map(queue.isTaken)).toEqual([false, true])
    queue.enter(entryOf(7n).entry)
    expect(queue.hasWorkFor(signer)).toBe(false)
  })
})
