import { randomInt } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { list } from '../../../sim/oracle.ts'
import { simulate } from '../../../sim/simulate.ts'

const first = Number(process.env.SEED ?? randomInt(2 ** 30))
const seeds = process.env.SEED ? [first] : [first, first + 1, first + 2]

let checkedCount = 0
let reorgs = 0

// Proves that there were faults, and that something was checked. One random seed may give few of either, because a busy
// machine gets less done in its seconds.
afterAll(() => {
  expect(checkedCount).toBeGreaterThan(20 * seeds.length)
  expect(reorgs).toBeGreaterThan(2 * seeds.length)
})

test.each(seeds)(
  'through reorgs, kills, stalls and a faulty network, index and API equal the chain (SEED=%i)',
  {
    timeout: 240_000,
  },
  async (seed) => {
    const { differences, disturbances, faults, totals, answers, claims } = await simulate({
      seed,
      seconds: 8,
      faultProbability: 0.08,
    })
    console.log(`seed ${seed}: ${disturbances}; ${faults}; ${answers}; claims: ${claims}; ${totals}`)
    expect(list(differences)).toBe('')
    checkedCount += Object.fromEntries(totals)['checked answers'] ?? 0
    reorgs += Object.fromEntries(disturbances).reorg ?? 0
  },
)
