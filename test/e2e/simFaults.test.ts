import { randomInt } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { list } from '../../sim/oracle.ts'
import { simulate } from '../../sim/simulate.ts'

const first = Number(process.env.SEED ?? randomInt(2 ** 30))
const seeds = process.env.SEED ? [first] : [first, first + 1, first + 2]

let judged = 0

// Else nothing was tested. Of one seed alone it may be few: an API whose index rests for most of the time has none to give.
afterAll(() => expect(judged).toBeGreaterThan(20 * seeds.length))

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
    // Else nothing was tested.
    expect(Object.fromEntries(disturbances).reorg).toBeGreaterThan(4)
    judged += Object.fromEntries(totals)['checked answers'] ?? 0
  },
)
