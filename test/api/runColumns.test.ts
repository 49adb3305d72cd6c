import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { runStates } from '../../ponder.schema.ts'
import { RunColumns, type RunRows } from '../../src/api/queries/runColumns.ts'
import type { RunList, RunStart } from '../../src/api/queries/runList.ts'
import { createRandom } from '../../tools/simulation/random.ts'
import { poster, wallet } from '../support/rows.ts'

type Run = {
  id: number
  reward: number
  deadline: number
  state: number
  poster: typeof poster
  evaluator: typeof poster | null
  claimant: string | null
}

const now = 1_000
const random = createRandom(11)
const addresses = [poster, wallet] as (typeof poster)[]

/** Few rewards and deadlines, so that many are equal. */
const anyRun = (id: number): Run => ({
  id,
  reward: random.int(1, 20) * 1_000_000,
  deadline: now + random.int(-10, 10),
  state: random.int(0, runStates.length - 1),
  poster: random.pick(addresses),
  evaluator: random.pick([...addresses, null]),
  claimant: random.pick([null, '1', '2', String(2n ** 255n)]),
})

const rowsOf = (runs: readonly Run[]): RunRows => ({
  ids: runs.map(({ id }) => id),
  rewards: runs.map(({ reward }) => reward),
  deadlines: runs.map(({ deadline }) => deadline),
  states: runs.map(({ state }) => state),
  posters: runs.map(({ poster }) => poster),
  evaluators: runs.map(({ evaluator }) => evaluator),
  claimants: runs.map(({ claimant }) => claimant),
})

const isIn = ({ state, claimable, minReward = 0n, ...parties }: RunList, run: Run): boolean => {
  const isClaimable = runStates[run.state] === 'OPEN' && run.deadline >= now
  return (
    (state === undefined || runStates[run.state] === state) &&
    (claimable === undefined || isClaimable === claimable) &&
    BigInt(run.reward) >= minReward &&
    (parties.poster === undefined || run.poster === parties.poster) &&
    (parties.evaluator === undefined || run.evaluator === parties.evaluator) &&
    (parties.claimedBy === undefined || run.claimant === String(parties.claimedBy))
  )
}

const keyOf = ({ sort }: RunList, run: Run) => ({ createdAt: run.id, reward: run.reward, deadline: run.deadline })[sort]

function listed(list: RunList, runs: Run[]): Run[] {
  const ascending = runs
    .filter((run) => isIn(list, run))
    .sort((one, other) => keyOf(list, one) - keyOf(list, other) || one.id - other.id)
  return list.order === 'asc' ? ascending : ascending.reverse()
}

function anyList(): RunList {
  return {
    sort: random.pick(['createdAt', 'reward', 'deadline']),
    order: random.pick(['asc', 'desc']),
    ...(random.chance(0.4) && { state: random.pick(runStates) }),
    ...(random.chance(0.4) && { claimable: random.chance(0.5) }),
    ...(random.chance(0.4) && { minReward: BigInt(random.int(1, 20)) * 1_000_000n }),
    ...(random.chance(0.2) && { poster: random.pick(addresses) }),
    ...(random.chance(0.2) && { evaluator: random.pick(addresses) }),
    ...(random.chance(0.2) && { claimedBy: random.pick([1n, 2n, 3n, 2n ** 255n]) }),
  }
}

it('has the pages, totals and positions of every list, also after runs have changed and others were added', () => {
  const columns = new RunColumns()
  const runs = new Map<number, Run>()
  for (let round = 0; round < 600; round++) {
    const changed = [...runs.keys()].filter(() => random.chance(3 / (runs.size + 1)))
    const rows = [...changed, runs.size + 1].map(anyRun)
    for (const run of rows) runs.set(run.id, run)
    columns.set(rowsOf(rows))

    const found = [...runs.values()].filter(() => random.chance(0.8))
    const ids = Uint32Array.from(found, ({ id }) => id)
    const list = anyList()
    const expected = listed(list, found)
    const offset = random.int(0, 6)
    const limit = random.int(1, 5)
    const after = expected[offset - 1]
    const starts: RunStart[] = [
      { offset },
      ...(after ? [{ after: { value: BigInt(keyOf(list, after)), bountyId: BigInt(after.id) } }] : []),
    ]
    for (const start of starts) {
      const end = expected[offset + limit - 1]
      const isFollowed = expected.length > offset + limit
      expect(columns.page(ids, list, start, limit, BigInt(now)), inspect({ list, start, limit })).toEqual({
        ids: expected.slice(offset, offset + limit).map(({ id }) => id),
        total: expected.length,
        isTotalExact: true,
        end: isFollowed && end ? { value: BigInt(keyOf(list, end)), bountyId: BigInt(end.id) } : null,
      })
    }
  }
})

it('counts up to 10,000, and finds later pages too', () => {
  const columns = new RunColumns()
  const runs = Array.from({ length: 10_001 }, (_, place) => anyRun(place + 1))
  columns.set(rowsOf(runs))
  const list: RunList = { sort: 'reward', order: 'desc' }
  const first = Uint32Array.from(runs.slice(0, 10_000), ({ id }) => id)
  const last = listed(list, runs.slice(0, 10_000)).at(-1)
  expect(columns.page(first, list, { offset: 9_999 }, 5, 0n)).toEqual({
    ids: [last?.id],
    total: 10_000,
    isTotalExact: true,
    end: null,
  })
  const all = Uint32Array.from(runs, ({ id }) => id)
  expect(columns.page(all, list, { offset: 9_990 }, 5, 0n)).toMatchObject({ total: 10_000, isTotalExact: false })
})

it('refuses a deadline that does not fit', () => {
  expect(() => new RunColumns().set(rowsOf([{ ...anyRun(1), deadline: 2 ** 32 }]))).toThrow(String(2 ** 32))
})
