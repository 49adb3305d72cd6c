import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { together } from '../../src/api/together.ts'

/** Doubles numbers after the given milliseconds, and records the batches. */
function doubling(milliseconds: number, options?: Parameters<typeof together>[1]) {
  const questions: (readonly number[])[] = []
  const double = together(async (numbers: readonly number[]) => {
    questions.push(numbers)
    await sleep(milliseconds)
    if (numbers.includes(0)) throw new Error('the batch failed')
    return numbers.map((number) => (number < 0 ? new Error(`${number} is too small`) : 2 * number))
  }, options)
  return { double, questions }
}

const upTo = (most: number) => Array.from({ length: most }, (_, index) => index + 1)

test('keys requested at once share a batch, and each gets its own result', async () => {
  const { double, questions } = doubling(1)
  expect(await Promise.all(upTo(3).map(double))).toEqual([2, 4, 6])
  expect(questions).toEqual([[1, 2, 3]])
})

test('keys requested while a batch is in flight go into the next one', async () => {
  const { double, questions } = doubling(20)
  const first = double(1)
  await sleep(5)
  const later = [double(2), double(3)]
  expect(await Promise.all([first, ...later])).toEqual([2, 4, 6])
  expect(questions).toEqual([[1], [2, 3]])
})

test('up to `atOnce` batches run concurrently, and later keys go into the next one', async () => {
  const { double, questions } = doubling(40, { atOnce: 2 })
  const asked: Promise<unknown>[] = []
  for (const number of upTo(4)) {
    asked.push(double(number))
    await sleep(5)
  }
  expect(questions).toEqual([[1], [2]])
  expect(await Promise.all(asked)).toEqual([2, 4, 6, 8])
  expect(questions).toEqual([[1], [2], [3, 4]])
})

test('a slow batch does not delay the next two', async () => {
  const { double, questions } = doubling(2_000)
  void double(1)
  await sleep(5)
  void double(2)
  await sleep(300)
  expect(questions).toEqual([[1], [2]])
  void double(3)
  await sleep(50)
  expect(questions).toEqual([[1], [2], [3]])
})

test('a batch has at most `most` keys', async () => {
  const { double, questions } = doubling(1, { most: 2 })
  await Promise.all(upTo(5).map(double))
  expect(questions).toEqual([[1, 2], [3, 4], [5]])
})

test('a failed key rejects alone, and a failed batch rejects all of its keys', async () => {
  const { double } = doubling(1)
  const outcome = async (numbers: number[]) =>
    (await Promise.allSettled(numbers.map(double))).map((one) =>
      one.status === 'fulfilled' ? one.value : one.reason.message,
    )
  expect(await outcome([1, -1])).toEqual([2, '-1 is too small'])
  expect(await outcome([1, 0])).toEqual(['the batch failed', 'the batch failed'])
  expect(await outcome([1])).toEqual([2])
})

test('the first key waits for others as long as `gather` takes', async () => {
  const { double, questions } = doubling(1, { gather: () => sleep(50) })
  void double(1)
  await sleep(10)
  await double(2)
  expect(questions).toEqual([[1, 2]])
})
