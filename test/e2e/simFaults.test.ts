import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { list } from '../../sim/oracle.ts'
import { simulate } from '../../sim/simulate.ts'

const seed = Number(process.env.SEED ?? randomInt(2 ** 30))

test(`through reorgs, kills and a faulty network, the index and each answer equal the chain (SEED=${seed})`, {
  timeout: 180_000,
}, async () => {
  const { differences, disturbances, faults, totals, answers } = await simulate({
    seed,
    seconds: 12,
    faultProbability: 0.08,
  })
  console.log(`seed ${seed}: ${disturbances}; ${faults}; ${answers}; ${totals}`)
  expect(list(differences)).toBe('')
  // Else nothing was tested.
  expect(Object.fromEntries(disturbances).reorg).toBeGreaterThan(4)
  expect(Object.fromEntries(totals)['judged answers']).toBeGreaterThan(20)
})
