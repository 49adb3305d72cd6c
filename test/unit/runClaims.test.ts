import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createRunClaims } from '../../src/api/relay/claims/runClaims.ts'

const RUN = 1n

/** A claim of the run that is in the queue until `leaveQueue`, and then undecided until `end`. */
function placeClaim(runClaims: ReturnType<typeof createRunClaims>) {
  const queue = Promise.withResolvers<void>()
  const decision = Promise.withResolvers<void>()
  const claim = runClaims.among(RUN, (run) => {
    run.startPlacing(queue.promise)
    return decision.promise
  })
  return { leaveQueue: queue.resolve, failInQueue: queue.reject, end: decision.resolve, ended: claim }
}

it('a claim waits unread until the claim of its run has left the queue', async () => {
  const runClaims = createRunClaims()
  const placed = placeClaim(runClaims)
  let hasWaited: boolean | undefined
  const waiting = runClaims.waitUnread(RUN).then((waited) => {
    hasWaited = waited
  })
  await sleep(0)
  expect(hasWaited).toBeUndefined()
  placed.leaveQueue()
  await waiting
  expect(hasWaited).toBe(true)
  expect(await runClaims.waitUnread(RUN)).toBe(false)
  placed.end()
  await placed.ended
})

it('a claim does not wait for the claim of another run, nor for one that has failed in the queue', async () => {
  const runClaims = createRunClaims()
  const placed = placeClaim(runClaims)
  expect(await runClaims.waitUnread(RUN + 1n)).toBe(false)
  placed.failInQueue(new Error('The queue is full.'))
  expect(await runClaims.waitUnread(RUN)).toBe(true)
  expect(await runClaims.waitUnread(RUN)).toBe(false)
  placed.end()
  await placed.ended
})

it('a claim waits unread for at most 100 ms', async () => {
  const runClaims = createRunClaims()
  const placed = placeClaim(runClaims)
  vi.useFakeTimers({ fakeNodeBuiltins: true })
  onTestFinished(() => void vi.useRealTimers())
  let hasWaited: boolean | undefined
  const waiting = runClaims.waitUnread(RUN).then((waited) => {
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
