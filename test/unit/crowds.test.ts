import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createCrowds } from '../../src/api/relay/queue/crowds.ts'
import type { Verdict } from '../../src/api/relay/simulation/judge.ts'

const verdictOf = (isOfRun: boolean) => ({ verdict: { verdict: 'refuse', isOfRun } as Verdict })
const notTaken = async () => false

/** A hundred claims of a run at once. @returns how many were judged, and how many at a time. */
async function crowd(isOfRun: boolean, isTaken = notTaken) {
  const inTurn = createCrowds()
  const counts = { judged: 0, atOnce: 0, most: 0 }
  const judge = async () => {
    counts.judged++
    counts.most = Math.max(counts.most, ++counts.atOnce)
    await sleep(2)
    counts.atOnce--
    return verdictOf(isOfRun)
  }
  const turns = Array.from({ length: 100 }, () => inTurn(1n, { isTaken, judge }))
  return { ...counts, answers: await Promise.all(turns), judged: counts.judged, most: counts.most }
}

test('many claims of a run are judged a few at a time', async () => {
  expect(await crowd(false)).toMatchObject({ judged: 100, most: 2 })
})

test('what a refusal says of the run holds for all who were there, and for nobody who comes later', async () => {
  const { judged, answers } = await crowd(true)
  expect(judged).toBe(2)
  expect(answers).toEqual(Array(100).fill(verdictOf(true)))

  const inTurn = createCrowds()
  const asked: string[] = []
  const come = (who: string) =>
    inTurn(1n, {
      isTaken: notTaken,
      judge: async () => {
        asked.push(who)
        await sleep(20)
        return verdictOf(true)
      },
    })
  const first = ['a', 'b', 'c'].map(come)
  await sleep(5)
  await Promise.all([...first, come('late')])
  await come('last')
  expect(asked).toEqual(['a', 'b', 'late', 'last'])
})

test('who waited while another was sent is not judged', async () => {
  const { judged, answers } = await crowd(false, async () => true)
  expect(judged).toBe(2)
  expect(answers.filter((answer) => answer === undefined)).toHaveLength(98)
})
