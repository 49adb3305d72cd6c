import { describe, expect, it } from 'vitest'
import type { Places } from '../../src/api/relay/kinds/kind.ts'
import type { ActionRequest } from '../../src/api/relay/kinds/request.ts'
import { type Choice, createQueue, type Placement, type Waiting } from '../../src/api/relay/pipeline/queue.ts'
import { accountOf } from '../../tools/devnet/accounts.ts'

const signer = accountOf(1)
const otherSigner = accountOf(2)

const done: Placement = { result: 'stale' }
const { signal: gone } = new AbortController()

type Options = {
  client?: string
  bytes?: number
  signers?: (typeof signer)[]
  places?: Places
  action?: 'claim' | 'start'
}

/** A queued claim or other action of the run, and what it was resolved and rejected with. */
function entryOf(bountyId: bigint, options: Options = {}) {
  const { client = 'a', bytes = 65, signers = [signer], places = 'work', action = 'claim' } = options
  const message = { action, bountyId, agentId: 1n, party: signer.address, deadline: 1n } as ActionRequest['message']
  const resolved: Placement[] = []
  const rejected: unknown[] = []
  const entry: Waiting = {
    request: { message, signature: `0x${'11'.repeat(bytes)}` },
    slot: `run ${bountyId}`,
    places,
    client,
    signers,
    gone,
    until: gone,
    examined: { agentId: 1n, runsWalletCode: false },
    resolve: (result) => resolved.push(result),
    reject: (error) => rejected.push(error),
  }
  return { entry, resolved, rejected }
}

function queueOf(...entries: Waiting[]) {
  const queue = createQueue(() => undefined)
  for (const entry of entries) queue.enter(entry)
  return queue
}

const runsOf = (entries: Waiting[]) => entries.map(({ slot }) => BigInt(slot.slice('run '.length)))

/** What the signer can make. */
const by = (one: typeof signer): Choice => ({
  fits: ({ signers }) => signers.includes(one),
  take: () => undefined,
})

describe('the queue of actions', () => {
  it('takes a client’s claims in order of arrival, up to the requested number', () => {
    const queue = queueOf(...[3n, 1n, 2n].map((run) => entryOf(run).entry))
    expect(runsOf(queue.take(2, by(signer)))).toEqual([3n, 1n])
    expect(runsOf(queue.take(2, by(signer)))).toEqual([2n])
    expect(queue.count(() => true)).toBe(0)
  })

  it('takes clients in turn, so that a client with many claims delays only its own claims', () => {
    const flood = Array.from({ length: 50 }, (_, run) => entryOf(BigInt(run)).entry)
    const queue = queueOf(...flood, entryOf(100n, { client: 'b' }).entry, entryOf(101n, { client: 'c' }).entry)
    expect(runsOf(queue.take(3, by(signer)))).toEqual([0n, 100n, 101n])
    expect(runsOf(queue.take(2, by(signer)))).toEqual([1n, 2n])
  })

  it('takes a claim only for a signer that can send it', () => {
    const queue = queueOf(entryOf(1n, { signers: [otherSigner] }).entry, entryOf(2n).entry)
    expect(queue.has(by(signer).fits)).toBe(true)
    expect(runsOf(queue.take(50, by(signer)))).toEqual([2n])
    expect(queue.has(by(signer).fits)).toBe(false)
    expect(runsOf(queue.take(50, by(otherSigner)))).toEqual([1n])
  })

  it('takes one claim of a run at a time', () => {
    const queue = queueOf(...[7n, 7n, 8n].map((run) => entryOf(run).entry))
    const taken = queue.take(50, by(signer))
    expect(runsOf(taken)).toEqual([7n, 8n])
    expect(queue.has(by(signer).fits)).toBe(false)
    expect(queue.take(50, by(signer))).toEqual([])
    for (const entry of taken) queue.end(entry, done)
    expect(runsOf(queue.take(50, by(signer)))).toEqual([7n])
  })

  it('limits a transaction to the size that a node accepts, for signatures of any length', () => {
    const entries = Array.from({ length: 20 }, (_, run) => entryOf(BigInt(run), { bytes: 8_192 }).entry)
    expect(queueOf(...entries).take(50, by(signer))).toHaveLength(8)
  })

  it('refuses a client that fills the queue, with the seconds to wait', () => {
    const queue = queueOf(...Array.from({ length: 1_000 }, (_, run) => entryOf(BigInt(run)).entry))
    expect(() => queue.enter(entryOf(1_000n).entry)).toThrow(
      expect.objectContaining({ code: 'RELAY_UNAVAILABLE', retrySeconds: expect.any(Number) }),
    )
    queue.take(1, by(signer))
    expect(() => queue.enter(entryOf(1_000n).entry)).not.toThrow()
  })

  it('when full, drops the newest claim of the client with the most claims for another client', () => {
    const newest = entryOf(999n)
    const queue = queueOf(...Array.from({ length: 999 }, (_, run) => entryOf(BigInt(run)).entry), newest.entry)
    queue.enter(entryOf(2_000n, { client: 'b' }).entry)
    expect(newest.rejected).toEqual([expect.objectContaining({ code: 'RELAY_UNAVAILABLE' })])
    expect(queue.count(() => true)).toBe(1_000)
    expect(runsOf(queue.take(2, by(signer)))).toEqual([0n, 2_000n])
  })

  it('puts returned claims before the client’s other claims', () => {
    const queue = queueOf(...[1n, 2n, 3n].map((run) => entryOf(run).entry))
    const taken = queue.take(2, by(signer))
    queue.putBack(taken)
    expect(runsOf(queue.take(3, by(signer)))).toEqual([1n, 2n, 3n])
  })

  it('ends a taken claim once: it is not put back then, and neither ends nor frees the next one of its run', () => {
    const [late, next] = [entryOf(7n), entryOf(7n)]
    const queue = queueOf(late.entry, next.entry)
    expect(queue.take(50, by(signer))).toEqual([late.entry])
    queue.end(late.entry, done)
    expect(queue.take(50, by(signer))).toEqual([next.entry])
    queue.putBack([late.entry])
    queue.fail(late.entry, 'too late')
    expect(queue.count(() => true)).toBe(0)
    expect([late.entry, next.entry].map(queue.isTaken)).toEqual([false, true])
    expect([late, next].map(({ resolved, rejected }) => [resolved, rejected])).toEqual([
      [[done], []],
      [[], []],
    ])
    queue.enter(entryOf(7n).entry)
    expect(queue.has(by(signer).fits)).toBe(false)
  })

  it('takes work before what costs its clients nothing, and tells the choice of each', () => {
    const free = Array.from({ length: 3 }, (_, run) => entryOf(BigInt(run), { places: 'free', action: 'start' }).entry)
    const queue = queueOf(...free, entryOf(7n).entry, entryOf(8n, { action: 'start' }).entry)
    let places = 2
    const choice = {
      fits: (entry: Waiting) => entry.places === 'work' || places > 0,
      take: (entry: Waiting) => void (entry.places === 'free' && places--),
    }
    expect(runsOf(queue.take(50, choice))).toEqual([7n, 8n, 0n, 1n])
    expect(queue.countTaken(({ places }) => places === 'free')).toBe(2)
  })

  it('refuses the 65th waiting action of a client, and no claim nor action of others', () => {
    const options = { places: 'free', action: 'start' } as const
    const queue = queueOf(...Array.from({ length: 64 }, (_, run) => entryOf(BigInt(run), options).entry))
    expect(() => queue.enter(entryOf(64n, options).entry)).toThrow(
      expect.objectContaining({
        code: 'RATE_LIMITED',
        detail: expect.stringContaining('64 actions wait for a signer, all of a.'),
      }),
    )
    for (const other of [{ ...options, client: 'b' }, { ...options, places: 'work' as const }, {}]) {
      expect(() => queue.enter(entryOf(65n, other).entry)).not.toThrow()
    }
  })

  it('leaves work its thousand places, however much else waits', () => {
    const queue = queueOf()
    for (let run = 0; run < 1_000; run++) {
      queue.enter(entryOf(BigInt(run), { client: `${run}`, places: 'free', action: 'start' }).entry)
    }
    expect(() => queue.enter(entryOf(1_000n, { client: 'b', places: 'free', action: 'start' }).entry)).toThrow(
      'The action queue is full.',
    )
    expect(() => queue.enter(entryOf(1_001n).entry)).not.toThrow()
  })
})
