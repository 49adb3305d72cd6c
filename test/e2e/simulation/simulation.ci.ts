import { randomInt } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { act } from '../../../tools/simulation/activity.ts'
import { claimThroughApi } from '../../../tools/simulation/apiClaims.ts'
import { compareApi } from '../../../tools/simulation/compareApi.ts'
import { list, readTruth } from '../../../tools/simulation/oracle.ts'
import { createRandom, type Random } from '../../../tools/simulation/random.ts'
import { createWorld, type World } from '../../../tools/simulation/world.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'

const STEPS = 600
const CHECK_EVERY = 150

const seed = Number(process.env.SEED ?? randomInt(2 ** 31 - 1))

let market: TestMarket
let world: World

beforeAll(async () => {
  market = await startTestMarket({ chain: {} })
  world = await createWorld(market, { salt: 'simulation', posters: 4, agents: 8 })
  // The API takes the later of chain time and this machine's time as now: keep chain time the later.
  await world.node.increaseTime({ seconds: 86_400 })
  await world.node.mine({ blocks: 1 })
  return market.stop
})

test(`after any calls of the parties, the index equals the chain, and eligibility equals the claim (SEED=${seed})`, async () => {
  const random = createRandom(seed)
  const outcomes = new Map<string, number>()
  const count = (key: string) => outcomes.set(key, (outcomes.get(key) ?? 0) + 1)

  for (let step = 1; step <= STEPS; step++) {
    if (random.chance(0.25)) {
      const compared = await claimThroughApi(world, market.api, random)
      if (compared) {
        expect(list(compared.differences), `step ${step}, seed ${seed}`).toBe('')
        count(`API claim: ${compared.code ?? 'won'}`)
      }
    } else {
      const { action, outcome } = await act(world, random)
      count(`${action}: ${outcome}`)
    }
    if (step % CHECK_EVERY === 0) await expectEqual(step, random)
  }
  console.log(
    `seed ${seed}: ${[...outcomes]
      .sort()
      .map(([key, times]) => `${key} ${times}`)
      .join(', ')}`,
  )
}, 300_000)

async function expectEqual(step: number, random: Random) {
  const truth = await readTruth(world)
  expect(truth.state.runs.size).toBeGreaterThan(0)
  expect(list(await compareApi(world, market.api, truth, random)), `step ${step}, seed ${seed}`).toBe('')
}
