import { randomInt } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { list } from '../../../sim/oracle.ts'
import { simulate } from '../../../sim/simulate.ts'

const first = Number(process.env.SEED ?? randomInt(2 ** 30))
const seeds = process.env.SEED ? [first] : [first, first + 1, first + 2]

let checkedCount = 0

// Proves that something was checked. One random seed may give few answers, if its API mostly waits for the index.
afterAll(() => expect(checkedCount).toBeGreaterThan(20 * seeds.length))

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
    // Proves that faults happened.
    expect(Object.fromEntries(disturbances).reorg).toBeGreaterThan(4)
    checkedCount += Object.fromEntries(totals)['checked answers'] ?? 0
  },
)
