import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Places } from '../../src/api/relay/kinds/kind.ts'
import type { ActionRequest } from '../../src/api/relay/kinds/request.ts'
import { createQueue, type Waiting } from '../../src/api/relay/pipeline/queue.ts'
import { createTaking } from '../../src/api/relay/pipeline/taking.ts'
import { accountOf } from '../../tools/devnet/accounts.ts'

const signer = accountOf(1)
const otherSigner = accountOf(2)

/** How many transactions a signer may have unmined, of which free actions may be half and open calls a quarter. */
const MAX_UNMINED = 16

const { signal: gone } = new AbortController()

type Options = { signers?: (typeof signer)[]; isReady?: boolean; runsWalletCode?: boolean }

/** An action that waits; `work` is a claim, which shares a transaction unless it runs code of its wallet. */
function entryOf(place: number, places: Places, options: Options = {}): Waiting {
  const { signers = [signer], isReady = false, runsWalletCode = false } = options
  const named = { bountyId: 1n, agentId: 1n, party: signer.address, deadline: 1n }
  const message = { action: places === 'work' ? 'claim' : 'start', ...named } as ActionRequest['message']
  return {
    request: { message, signature: '0x11' },
    slot: `${places} ${place}`,
    places,
    client: 'a',
    gone,
    until: gone,
    signers,
    examined: { agentId: undefined, runsWalletCode },
    ...(isReady && { ready: {} as never }),
    resolve: () => undefined,
    reject: () => undefined,
  }
}

/** @param left the places that any signer has left, of free actions and of open calls. */
function takingOf(entries: readonly Waiting[], left: number) {
  const queue = createQueue(() => undefined)
  for (const entry of entries) queue.enter(entry)
  const onDue = vi.fn()
  const taking = createTaking(queue, {
    kinds: { of: () => ({ mostGasOf: () => 1n }) as never },
    maxBatch: 50,
    maxUnmined: MAX_UNMINED,
    placesLeft: async (_, of) => new Map(of.map((places) => [places, left])),
    onDue,
  })
  return { queue, taking, onDue }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('what a signer takes of the queue', () => {
  const kinds = (['work', 'free', 'open'] as const).flatMap((places) =>
    [0, 1, 40].flatMap((count) =>
      [false, true].flatMap((isReady) =>
        [false, true].flatMap((runsWalletCode) =>
          [0, 1, 8].map((left) => ({ places, count, isReady, runsWalletCode, left })),
        ),
      ),
    ),
  )

  it.each(kinds)('is something if there is work for it: %o', async ({ places, count, left, ...options }) => {
    const entries = Array.from({ length: count }, (_, place) => entryOf(place, places, options))
    const { queue, taking } = takingOf(entries, left)
    // Each turn takes something, or there is no work after it: else the dispatcher would give the signer turns without end.
    for (let turns = 0; taking.hasWorkFor(signer); turns++) {
      expect(turns).toBeLessThan(count + 1)
      const taken = queue.take(32, await taking.choiceFor(signer))
      if (taken.length === 0) expect(taking.hasWorkFor(signer)).toBe(false)
      for (const entry of taken) queue.end(entry, undefined as never)
    }
  })

  it('is nothing of other signers', async () => {
    const { queue, taking } = takingOf([entryOf(1, 'work', { signers: [otherSigner] })], 1)
    expect([signer, otherSigner].map(taking.hasWorkFor)).toEqual([false, true])
    expect(queue.take(32, await taking.choiceFor(signer))).toEqual([])
    expect(queue.take(32, await taking.choiceFor(otherSigner))).toHaveLength(1)
  })

  it('is only as much of what costs nothing as it has places for, every 200 ms, and what is ready at once', async () => {
    const waiting = Array.from({ length: 5 }, (_, place) => entryOf(place, 'free'))
    const { queue, taking, onDue } = takingOf(waiting, 2)
    expect(queue.take(32, await taking.choiceFor(signer))).toHaveLength(2)
    expect(taking.hasWorkFor(signer)).toBe(false)
    const ready = entryOf(9, 'free', { isReady: true })
    queue.enter(ready)
    expect(taking.hasWorkFor(signer)).toBe(true)
    expect(queue.take(32, await taking.choiceFor(signer))).toEqual([ready])
    await vi.advanceTimersByTimeAsync(200)
    expect(onDue).toHaveBeenCalledOnce()
    expect(taking.hasWorkFor(signer)).toBe(true)
    expect(queue.take(32, await taking.choiceFor(signer))).toHaveLength(2)
  })

  it('is due again if no place was read in time', async () => {
    const { queue, taking } = takingOf([entryOf(1, 'open')], 0)
    expect(queue.take(32, await taking.choiceFor(signer))).toEqual([])
    expect([taking.hasWorkFor(signer), taking.lacksPlace('open')]).toEqual([false, true])
    await vi.advanceTimersByTimeAsync(200)
    expect([taking.hasWorkFor(signer), taking.lacksPlace('open')]).toEqual([true, false])
  })
})
