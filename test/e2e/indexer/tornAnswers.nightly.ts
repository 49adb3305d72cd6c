import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { MAX_OUTAGE_MS } from '../../../tools/simulation/availability.ts'
import { restartsAndReorgs } from '../../../tools/simulation/faults/schedule.ts'
import { list } from '../../../tools/simulation/oracle.ts'
import { createRandom, seedOf } from '../../../tools/simulation/random.ts'
import { simulate } from '../../../tools/simulation/simulate.ts'

const seed = Number(process.env.SEED ?? randomInt(2 ** 30))

/** How long the indexer is killed and the chain reorged. A thorough run takes ten minutes or more. */
const seconds = Number(process.env.TORN_SECONDS ?? 10)

test(`while the indexer is killed and the chain reorgs, every answer is from one block (SEED=${seed})`, {
  timeout: 240_000 + 2_000 * seconds,
}, async () => {
  const schedule = restartsAndReorgs(createRandom(seedOf(seed, 'schedule')), seconds)
  const report = await simulate({ seed, seconds, faultProbability: 0, schedule, readers: 4 })
  const { differences, disturbances, windows, totals, answers } = report
  const refused = windows.map(
    ({ milliseconds, notReady, ready }) => `${Math.round(milliseconds)} (${notReady}/${ready})`,
  )
  console.log(`seed ${seed}: ${disturbances}; ${answers}; ${totals}
refused for ms (readyz 503/200): ${refused.join(', ')}`)

  expect(list(differences)).toBe('')
  for (const { milliseconds, isRewound, notReady, ready } of windows) {
    expect(milliseconds).toBeLessThan(MAX_OUTAGE_MS)
    // `/readyz` is up to one second out of date.
    if (isRewound && milliseconds > 2_500) expect(notReady).toBeGreaterThan(ready)
  }
  // Proves that something was checked.
  expect(Object.fromEntries(disturbances)['kill the indexer']).toBeGreaterThan(0)
  expect(Object.fromEntries(disturbances).reorg).toBeGreaterThan(seconds / 2)
  expect(Object.fromEntries(totals)['checked answers']).toBeGreaterThan(100)
})
