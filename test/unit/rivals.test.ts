import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createRivals } from '../../src/api/relay/pipeline/rivals.ts'

const SLOT = 'run 1'

/** A claim of the run that is in the queue until `leaveQueue`, and then undecided until `end`. */
function placeClaim(rivals: ReturnType<typeof createRivals>) {
  const queue = Promise.withResolvers<void>()
  const decision = Promise.withResolvers<void>()
  const claim = rivals.among(SLOT, (own) => {
    own.startPlacing(queue.promise)
    return decision.promise
  })
  return { leaveQueue: queue.resolve, failInQueue: queue.reject, end: decision.resolve, ended: claim }
}

it('a claim waits unread until the claim of its run has left the queue', async () => {
  const rivals = createRivals()
  const placed = placeClaim(rivals)
  let hasWaited: boolean | undefined
  const waiting = rivals.waitUnread(SLOT).then((waited) => {
    hasWaited = waited
  })
  await sleep(0)
  expect(hasWaited).toBeUndefined()
  placed.leaveQueue()
  await waiting
  expect(hasWaited).toBe(true)
  expect(await rivals.waitUnread(SLOT)).toBe(false)
  placed.end()
  await placed.ended
})

it('a claim does not wait for the claim of another run, nor for one that has failed in the queue', async () => {
  const rivals = createRivals()
  const placed = placeClaim(rivals)
  expect(await rivals.waitUnread('run 2')).toBe(false)
  placed.failInQueue(new Error('The queue is full.'))
  expect(await rivals.waitUnread(SLOT)).toBe(true)
  expect(await rivals.waitUnread(SLOT)).toBe(false)
  placed.end()
  await placed.ended
})

it('a claim waits unread for at most 100 ms', async () => {
  const rivals = createRivals()
  const placed = placeClaim(rivals)
  vi.useFakeTimers({ fakeNodeBuiltins: true })
  onTestFinished(() => void vi.useRealTimers())
  let hasWaited: boolean | undefined
  const waiting = rivals.waitUnread(SLOT).then((waited) => {
    hasWaited = waited
  })
  await vi.advanceTimersByTimeAsync(99)
  expect(hasWaited).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  await waiting
  expect(hasWaited).toBe(true)
  placed.leaveQueue()
  placed.end()
  await placed.ended
})
