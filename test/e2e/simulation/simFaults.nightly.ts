import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { MAX_OUTAGE_MS } from '../../../tools/simulation/availability.ts'
import { list } from '../../../tools/simulation/oracle.ts'
import { simulate } from '../../../tools/simulation/simulate.ts'

const seed = Number(process.env.SEED ?? randomInt(2 ** 30))

/** Long enough that every kind of disturbance happens several times, and that the index falls behind if it is too slow. */
const SECONDS = 120

test(`through reorgs, kills, stalls and a faulty network, index and API equal the chain, and answer (SEED=${seed})`, {
  timeout: 420_000,
}, async () => {
  const report = await simulate({ seed, seconds: SECONDS, faultProbability: 0.08 })
  const { differences, disturbances, faults, totals, answers, relayed, availability } = report
  console.log(`seed ${seed}: ${disturbances}; ${faults}; ${answers}; relayed: ${relayed}; ${totals}
${availability.answered} of ${availability.reads} reads answered, at most ${availability.longestOutageMs} ms without an answer`)
  expect(list(differences)).toBe('')
  expect(availability.longestOutageMs).toBeLessThan(MAX_OUTAGE_MS)
  // Proves that there were faults, and that something was checked.
  expect(Object.fromEntries(totals)['checked answers']).toBeGreaterThan(200)
  expect(Object.fromEntries(disturbances).reorg).toBeGreaterThan(SECONDS / 4)
  const made = [...relayed].filter(([answer]) => answer.endsWith(' 200')).map(([answer]) => answer.split(' ')[0])
  expect(new Set(made).size).toBeGreaterThan(1)
})
