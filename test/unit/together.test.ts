import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { together } from '../../src/api/together.ts'

/** Doubles numbers, so many milliseconds later, and keeps what was asked in one question. */
function doubling(milliseconds: number, options?: Parameters<typeof together>[1]) {
  const questions: (readonly number[])[] = []
  const double = together(async (numbers: readonly number[]) => {
    questions.push(numbers)
    await sleep(milliseconds)
    if (numbers.includes(0)) throw new Error('nothing doubles')
    return numbers.map((number) => (number < 0 ? new Error(`${number} is too small`) : 2 * number))
  }, options)
  return { double, questions }
}

const upTo = (most: number) => Array.from({ length: most }, (_, index) => index + 1)

test('those of one moment are asked for in one question, and each gets its own answer', async () => {
  const { double, questions } = doubling(1)
  expect(await Promise.all(upTo(3).map(double))).toEqual([2, 4, 6])
  expect(questions).toEqual([[1, 2, 3]])
})

test('whoever comes while a question is on its way is in the next one', async () => {
  const { double, questions } = doubling(20)
  const first = double(1)
  await sleep(5)
  const later = [double(2), double(3)]
  expect(await Promise.all([first, ...later])).toEqual([2, 4, 6])
  expect(questions).toEqual([[1], [2, 3]])
})

test('as many are on their way as may be, before whoever comes is in the next one', async () => {
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

test('a question that takes long does not hold up the next, and no other after that', async () => {
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

test('a question has no more than it may have', async () => {
  const { double, questions } = doubling(1, { most: 2 })
  await Promise.all(upTo(5).map(double))
  expect(questions).toEqual([[1, 2], [3, 4], [5]])
})

test('one key may fail without the others, and a question for all of its keys', async () => {
  const { double } = doubling(1)
  const outcome = async (numbers: number[]) =>
    (await Promise.allSettled(numbers.map(double))).map((one) =>
      one.status === 'fulfilled' ? one.value : one.reason.message,
    )
  expect(await outcome([1, -1])).toEqual([2, '-1 is too small'])
  expect(await outcome([1, 0])).toEqual(['nothing doubles', 'nothing doubles'])
  expect(await outcome([1])).toEqual([2])
})

test('the first waits for others as long as it is told to', async () => {
  const { double, questions } = doubling(1, { gather: () => sleep(50) })
  void double(1)
  await sleep(10)
  await double(2)
  expect(questions).toEqual([[1, 2]])
})
