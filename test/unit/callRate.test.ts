import { describe, expect, test } from 'vitest'
import { createCallRate, createGrantedRate } from '../../core/node/callRate.ts'

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
  await Promise.all(Array.from({ length: calls }, (_, call) => send(call)))
  return { times, order }
}

test('the calls of a burst are sent at once, and the others at the rate, in their order', async () => {
  const { times, order } = await sendAll(30, createCallRate(100, 10))
  expect(times[9]).toBeLessThan(50)
  // 20 calls at 10 ms, but for the clock's rounding.
  expect(times[29]).toBeGreaterThan(190)
  expect(order).toEqual(order.toSorted((a, b) => a - b))
})

test('a second burst has to wait until the calls of the first are made up for', async () => {
  const mayBeSent = createCallRate(100, 10)
  // From the first burst on: on a busy machine that burst takes a part of the wait.
  const start = performance.now()
  await sendAll(10, mayBeSent)
  await sendAll(10, mayBeSent)
  expect(performance.now() - start).toBeGreaterThan(90)
})

test('calls keep their order while the process is busy', async () => {
  const mayBeSent = createCallRate(100, 1)
  const order: number[] = []
  const send = async (call: number) => {
    await mayBeSent()
    order.push(call)
  }
  const beBusy = (milliseconds: number) => {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
  }
  // Node runs timers of the same duration one after the other: the second and the fourth call, due in 10 ms each, would both
  // be sent before the third, due in 20 ms.
  const first = [send(0), send(1), send(2)]
  beBusy(20)
  const last = send(3)
  beBusy(15)
  await Promise.all([...first, last])
  expect(order).toEqual([0, 1, 2, 3])
})

describe('a granted rate', () => {
  /**
   * How long calls take: those of a second are sent at once, and half as many after them. At half of the rate they would take two
   * seconds, and at twice the rate no time. The least of three times, because a busy machine adds some of its own.
   */
  async function millisecondsOf(
    calls: number,
    createRate: () => ReturnType<typeof createGrantedRate>,
  ): Promise<number> {
    const taken: number[] = []
    for (let round = 0; round < 3; round++) {
      const { times, order } = await sendAll(calls, createRate().next)
      expect(order).toEqual(order.toSorted((a, b) => a - b))
      taken.push(times.at(-1) ?? 0)
    }
    return Math.min(...taken)
  }

  function grown() {
    const rate = createGrantedRate(50, 400)
    for (let answers = 0; answers < 5_000; answers++) rate.answered()
    return rate
  }

  function halved() {
    const rate = grown()
    for (let refusals = 0; refusals < 5; refusals++) rate.refused()
    return rate
  }

  function refusedAtOnce() {
    const rate = createGrantedRate(50, 400)
    rate.refused()
    return rate
  }

  test('grows with the answers, up to the most', async () => {
    const milliseconds = await millisecondsOf(400 + 200, grown)
    expect(milliseconds).toBeGreaterThan(400)
    expect(milliseconds).toBeLessThan(750)
  })

  test('is halved by the refusals of a second', async () => {
    const milliseconds = await millisecondsOf(200 + 100, halved)
    expect(milliseconds).toBeGreaterThan(400)
    expect(milliseconds).toBeLessThan(750)
  })

  test('never falls below the first', async () => {
    const milliseconds = await millisecondsOf(50 + 25, refusedAtOnce)
    expect(milliseconds).toBeGreaterThan(400)
    expect(milliseconds).toBeLessThan(750)
  })
})
