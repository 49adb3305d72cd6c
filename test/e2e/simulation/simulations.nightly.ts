import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { MAX_OUTAGE_MS } from '../../simulation/availability.ts'
import { restartsAndReorgs } from '../../simulation/faults/schedule.ts'
import { createRandom, seedOf } from '../../simulation/random.ts'
import { simulate } from '../../simulation/simulate.ts'
import { expectAgreement } from './agreement.ts'

const seed = Number(process.env.SEED ?? randomInt(2 ** 30))

/** Long enough that every kind of disturbance happens several times, and that the index falls behind if it is too slow. */
const SECONDS = 120

/** How long the indexer is killed and replaced, and the chain reorged. A thorough run takes ten minutes or more. */
const TORN_SECONDS = Number(process.env.TORN_SECONDS ?? 30)

test(
  `after any calls of the parties, the index equals the chain, and eligibility equals the claim (SEED=${seed})`,
  {
    timeout: 300_000,
  },
  () => expectAgreement(seed, 600),
)

test(`through reorgs, kills, stalls and a faulty network, index and API equal the chain, and answer (SEED=${seed})`, {
  timeout: 420_000,
}, async () => {
  const report = await simulate({ seed, seconds: SECONDS, faultProbability: 0.08 })
  const { differences, disturbances, faults, totals, answers, relayed, availability } = report
  console.log(`seed ${seed}: ${disturbances}; ${faults}; ${answers}; relayed: ${relayed}; ${totals}
${availability.answered} of ${availability.reads} reads answered, at most ${availability.longestOutageMs} ms without an answer`)
  expect(differences).toEqual([])
  expect(availability.longestOutageMs).toBeLessThan(MAX_OUTAGE_MS)
  // Proves that there were faults, and that something was checked.
  expect(Object.fromEntries(totals)['checked answers']).toBeGreaterThan(200)
  expect(Object.fromEntries(disturbances).reorg).toBeGreaterThan(SECONDS / 4)
  const made = [...relayed].filter(([answer]) => answer.endsWith(' 200')).map(([answer]) => answer.split(' ')[0])
  expect(new Set(made).size).toBeGreaterThan(1)
})

test(`while the indexer is killed and replaced and the chain reorgs, every answer is from one block (SEED=${seed})`, {
  timeout: 240_000 + 2_000 * TORN_SECONDS,
}, async () => {
  const schedule = restartsAndReorgs(createRandom(seedOf(seed, 'schedule')), TORN_SECONDS)
  const report = await simulate({ seed, seconds: TORN_SECONDS, faultProbability: 0, schedule, readers: 4 })
  const { differences, disturbances, windows, totals, answers } = report
  const refused = windows.map(
    ({ milliseconds, notReady, ready }) => `${Math.round(milliseconds)} (${notReady}/${ready})`,
  )
  console.log(`seed ${seed}: ${disturbances}; ${answers}; ${totals}
refused for ms (readyz 503/200): ${refused.join(', ')}`)

  expect(differences).toEqual([])
  for (const { milliseconds, isRewound, notReady, ready } of windows) {
    expect(milliseconds).toBeLessThan(MAX_OUTAGE_MS)
    // `/readyz` is up to one second out of date.
    if (isRewound && milliseconds > 2_500) expect(notReady).toBeGreaterThan(ready)
  }
  // Proves that something was checked.
  expect(Object.fromEntries(disturbances)['kill the indexer']).toBeGreaterThan(0)
  expect(Object.fromEntries(disturbances)['redeploy the indexer']).toBe(1)
  expect(Object.fromEntries(disturbances).reorg).toBeGreaterThan(TORN_SECONDS / 2)
  expect(Object.fromEntries(totals)['checked answers']).toBeGreaterThan(100)
})
