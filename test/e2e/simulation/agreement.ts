import { expect } from 'vitest'
import { act } from '../../simulation/activity.ts'
import { auditTables } from '../../simulation/auditTables.ts'
import { compareApi } from '../../simulation/compareApi.ts'
import { createOracle } from '../../simulation/oracle.ts'
import { createRandom, seedOf } from '../../simulation/random.ts'
import { createWorld } from '../../simulation/world.ts'
import { startTestMarket } from '../../support/market.ts'
import { claimThroughApi } from './apiClaims.ts'

/**
 * Makes random calls of the parties, a quarter of them claims through the API. Expects that each claim ends as its
 * eligibility says, and that the index equals the chain after each delivery and each quarter of the steps.
 */
export async function expectAgreement(seed: number, steps: number): Promise<void> {
  const market = await startTestMarket({ chain: {} })
  try {
    const world = await createWorld(market, { salt: 'simulation', posters: 4, agents: 8 })
    // The API takes the later of chain time and this machine's time as now: keep chain time the later.
    await world.node.increaseTime({ seconds: 86_400 })
    await world.node.mine({ blocks: 1 })
    const random = createRandom(seed)
    const outcomes = new Map<string, number>()
    const count = (key: string) => outcomes.set(key, (outcomes.get(key) ?? 0) + 1)
    const oracle = createOracle(world)
    /** With draws of their own, so that what is read does not change what the parties do. */
    const compare = (step: number, pages?: number) =>
      compareApi({ world, api: market.api, oracle, random: createRandom(seedOf(seed, `pages after ${step}`)), pages })
    for (let step = 1; step <= steps; step++) {
      if (random.chance(0.25)) {
        const compared = await claimThroughApi(world, market.api, random)
        if (compared) {
          expect(compared.differences, `step ${step}, seed ${seed}`).toEqual([])
          count(`API claim: ${compared.code ?? 'won'}`)
        }
      } else {
        const { action, outcome } = await act(world, random)
        count(`${action}: ${outcome}`)
        // A party reviews it soon: at the comparisons below, seldom a run waits for its review.
        if (action.startsWith('submitWork') && outcome === 'mined')
          expect((await compare(step, 0)).differences, `delivery at step ${step}, seed ${seed}`).toEqual([])
      }
      if (step % (steps / 4) > 0) continue
      const { differences, counts } = await compare(step)
      expect(counts.runs).toBeGreaterThan(0)
      const audited = await auditTables({ ...market, world })
      expect([...differences, ...audited], `step ${step}, seed ${seed}`).toEqual([])
    }
    const counts = [...outcomes].sort().map(([key, times]) => `${key} ${times}`)
    console.log(`seed ${seed}: ${counts.join(', ')}`)
  } finally {
    await market.stop()
  }
}
