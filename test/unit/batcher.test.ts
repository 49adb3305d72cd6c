import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBatcher } from '../../core/batcher.ts'

/** Doubles numbers after a delay, and records the keys of each batch. */
function doubling(milliseconds: number, options?: Parameters<typeof createBatcher>[1]) {
  const batches: (readonly number[])[] = []
  const double = createBatcher(async (numbers: readonly number[]) => {
    batches.push(numbers)
    await sleep(milliseconds)
    if (numbers.includes(0)) throw new Error('nothing doubles')
    return numbers.map((number) => (number < 0 ? new Error(`${number} is too small`) : 2 * number))
  }, options)
  return { double, batches }
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

test('concurrent calls run as one batch, and each gets its own answer', async () => {
  const { double, batches } = doubling(1)
  expect(await Promise.all(upTo(3).map(double))).toEqual([2, 4, 6])
  expect(batches).toEqual([[1, 2, 3]])
})

test('calls made while a batch runs form the next batch', async () => {
  const { double, batches } = doubling(20)
  const first = double(1)
  await sleep(5)
  const later = [double(2), double(3)]
  expect(await Promise.all([first, ...later])).toEqual([2, 4, 6])
  expect(batches).toEqual([[1], [2, 3]])
})

test('calls wait for the next batch only while `concurrency` batches run', async () => {
  const { double, batches } = doubling(40, { concurrency: 2 })
  const asked: Promise<unknown>[] = []
  for (const number of upTo(4)) {
    asked.push(double(number))
    await sleep(5)
  }
  expect(batches).toEqual([[1], [2]])
  expect(await Promise.all(asked)).toEqual([2, 4, 6, 8])
  expect(batches).toEqual([[1], [2], [3, 4]])
})

test('a slow batch does not block the next ones', async () => {
  const { double, batches } = doubling(2_000)
  void double(1)
  await sleep(5)
  void double(2)
  await sleep(300)
  expect(batches).toEqual([[1], [2]])
  void double(3)
  await sleep(50)
  expect(batches).toEqual([[1], [2], [3]])
})

test('batches start `intervalMs` after each other, and a first call waits for none', async () => {
  const { double, batches } = doubling(1, { intervalMs: 200 })
  const start = performance.now()
  await double(1)
  expect(performance.now() - start).toBeLessThan(150)
  await Promise.all(upTo(3).map(double))
  expect(performance.now() - start).toBeGreaterThan(190)
  expect(batches).toEqual([[1], [1, 2, 3]])
})

test('a batch has at most `maxSize` keys', async () => {
  const { double, batches } = doubling(1, { maxSize: 2 })
  await Promise.all(upTo(5).map(double))
  expect(batches).toEqual([[1, 2], [3, 4], [5]])
})

test('one key may fail without the others, and a batch for all of its keys', async () => {
  const { double } = doubling(1)
  const outcome = async (numbers: number[]) =>
    (await Promise.allSettled(numbers.map(double))).map((one) =>
      one.status === 'fulfilled' ? one.value : one.reason.message,
    )
  expect(await outcome([1, -1])).toEqual([2, '-1 is too small'])
  expect(await outcome([1, 0])).toEqual(['nothing doubles', 'nothing doubles'])
  expect(await outcome([1])).toEqual([2])
})
