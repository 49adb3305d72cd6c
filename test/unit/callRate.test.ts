import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type CallRate, createCallRate } from '../../core/node/callRate.ts'

// The time passes only where a test says so.
beforeEach(() => void vi.useFakeTimers({ fakeNodeBuiltins: true }))
afterEach(() => void vi.useRealTimers())

/** Makes calls at once. @returns when each was sent, in milliseconds since the first was made, and their order. */
async function sendAll(calls: number, mayBeSent: () => Promise<void>) {
  const startedAt = performance.now()
  const times: number[] = []
  const order: number[] = []
  const send = async (call: number) => {
    await mayBeSent()
    times.push(performance.now() - startedAt)
    order.push(call)
  }
  const sending = Promise.all(Array.from({ length: calls }, (_, call) => send(call)))
  await vi.runAllTimersAsync()
  await sending
  return { times, order }
}

test('the calls of a burst are sent at once, and the others at the rate, in their order', async () => {
  const rate = createCallRate(100, 0.1)
  const { times, order } = await sendAll(30, rate.next)
  expect(times.slice(0, 10)).toEqual(Array(10).fill(0))
  // 20 calls at 10 ms.
  expect(times[29]).toBeCloseTo(200, 0)
  expect(order).toEqual(order.toSorted((a, b) => a - b))
})

test('a second burst has to wait until the calls of the first are made up for', async () => {
  const rate = createCallRate(100, 0.1)
  await sendAll(10, rate.next)
  const { times } = await sendAll(10, rate.next)
  expect([times[0], times[9]]).toEqual([expect.closeTo(10, 0), expect.closeTo(100, 0)])
})

test('calls keep their order while the process is busy', async () => {
  const rate = createCallRate(100, 0.01)
  const order: number[] = []
  const send = async (call: number) => {
    await rate.next()
    order.push(call)
  }
  const beBusy = (milliseconds: number) => {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
  }
  vi.useRealTimers()
  // Node runs timers of the same duration one after the other: the second and the fourth call, due in 10 ms each, would both
  // be sent before the third, due in 20 ms.
  const first = [send(0), send(1), send(2)]
  beBusy(20)
  const last = send(3)
  beBusy(15)
  await Promise.all([...first, last])
  expect(order).toEqual([0, 1, 2, 3])
})

describe('a rate', () => {
  /** How long 200 calls take, in milliseconds: those of a second are sent at once. */
  async function millisecondsOf(rate: CallRate): Promise<number> {
    const { times } = await sendAll(200, rate.next)
    return times.at(-1) ?? 0
  }

  test('is halved by the refusals of a second', async () => {
    const rate = createCallRate(100)
    for (let refusals = 0; refusals < 5; refusals++) rate.refused()
    // 150 calls at 20 ms.
    expect(await millisecondsOf(rate)).toBeCloseTo(3_000, -2)
  })

  test('grows again with the time, up to the most', async () => {
    const rate = createCallRate(100)
    rate.refused()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await millisecondsOf(rate)).toBeCloseTo(1_000, -2)
  })

  test('never falls below an eighth of the most', async () => {
    const rate = createCallRate(400)
    for (let refusals = 0; refusals < 10; refusals++) {
      rate.refused()
      await vi.advanceTimersByTimeAsync(1_000)
    }
    // 150 calls at 20 ms, or a little less a second after the last refusal.
    const milliseconds = await millisecondsOf(rate)
    expect(milliseconds).toBeGreaterThan(2_700)
    expect(milliseconds).toBeLessThanOrEqual(3_000)
  })
})
