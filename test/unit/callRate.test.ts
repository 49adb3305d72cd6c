import { expect, test } from 'vitest'
import { createCallRate } from '../../core/node/callRate.ts'

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
  await sendAll(10, mayBeSent)
  const { times } = await sendAll(10, mayBeSent)
  expect(times[9]).toBeGreaterThan(90)
})
