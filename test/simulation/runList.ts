import { type Address, isAddressEqual, parseUnits } from 'viem'
import { runStates } from '../../ponder.schema.ts'
import type { Answer, Json } from './api.ts'
import { compare } from './differences.ts'
import type { Market } from './market.ts'
import type { Random } from './random.ts'

type Run = Market['runs'][number]

type Filter = {
  state?: string
  /** In whole USDC, as the query parameter has it. */
  minReward?: string
  poster?: Address
  evaluator?: Address
  claimedBy?: number
  claimant?: Address | 'none'
  claimable?: boolean
}

/** A page of a list of runs: by its number, or after the last row of another answer. */
export type RunListQuestion = {
  path: string
  subject: 'runs'
  filter: Filter
  sort: 'createdAt' | 'reward' | 'deadline'
  order: 'asc' | 'desc'
  limit: number
  start: { page: number } | { after: Place }
}

type Place = { value: bigint; bountyId: bigint }

/** Equal and close to the rewards of the simulation's runs. */
const minima = ['0', '0.01', '50', '100', '100.000001', '199.99', '200.005', '200.01', '1000000']

/** Any filters, any order, one of the first pages. */
export function drawRunList(random: Random, posters: readonly Address[]): RunListQuestion {
  const filter = {
    ...(random.chance(0.4) && { state: random.pick(runStates) }),
    ...(random.chance(0.3) && { minReward: random.pick(minima) }),
    ...(random.chance(0.2) && { poster: random.pick(posters) }),
    ...(random.chance(0.2) && { evaluator: random.pick(posters) }),
    ...(random.chance(0.2) && { claimedBy: random.int(1, 9) }),
    ...(random.chance(0.2) && { claimant: random.chance(0.5) ? ('none' as const) : random.pick(posters) }),
    ...(random.chance(0.3) && { claimable: random.chance(0.5) }),
  }
  const list = {
    filter,
    sort: random.pick(['createdAt', 'reward', 'deadline'] as const),
    order: random.pick(['asc', 'desc'] as const),
    limit: random.pick([1, 5, 20, 100]),
  }
  const page = random.chance(0.7) ? 1 : random.int(2, 4)
  return { ...list, subject: 'runs', start: { page }, path: pathOf(list, { page: String(page) }) }
}

/** The page after an answer's, by its cursor; undefined if that was the last. */
export function nextPage(question: RunListQuestion, { body }: Answer): RunListQuestion | undefined {
  const { nextCursor: cursor } = body.pagination as { nextCursor: string | null }
  const last = (body.runs as Json[]).at(-1)
  if (cursor === null || !last) return undefined
  const after = { value: valueBy(last, question.sort), bountyId: BigInt(last.bountyId as number) }
  return { ...question, start: { after }, path: pathOf(question, { cursor }) }
}

function pathOf(
  { filter, sort, order, limit }: Pick<RunListQuestion, 'filter' | 'sort' | 'order' | 'limit'>,
  start: object,
) {
  const given = Object.entries({ ...filter, sort, order, limit, ...start })
  return `/api/runs?${given.map(([name, value]) => `${name}=${value}`).join('&')}`
}

function valueBy({ bountyId, reward, deadline }: Json, sort: RunListQuestion['sort']): bigint {
  if (sort === 'createdAt') return BigInt(bountyId as number)
  return sort === 'reward' ? BigInt(reward as string) : BigInt(Date.parse(deadline as string) / 1_000)
}

/** Compares which runs the page has, its total, and whether another page follows. A client verifies the runs one by one. */
export function compareRunList(
  subject: string,
  { filter, sort, order, limit, start }: RunListQuestion,
  body: Json,
  { timestamp, runs }: Market,
): string[] {
  const matching = runs
    .filter((run) => matches(run, filter, timestamp))
    .map((run) => placeOf(run, sort))
    .sort((a, b) => comparePlaces(a, b, order))
  const rest =
    'page' in start
      ? matching.slice((start.page - 1) * limit)
      : matching.filter((place) => comparePlaces(start.after, place, order) < 0)
  const { total, totalPages, nextCursor } = body.pagination as Json
  const ids = (list: readonly { bountyId: unknown }[]) => list.map(({ bountyId }) => bountyId).join()
  return compare(
    subject,
    {
      total: matching.length,
      totalPages: Math.ceil(matching.length / limit),
      isLast: rest.length <= limit,
      ids: ids(rest.slice(0, limit)),
    },
    { total, totalPages, isLast: nextCursor === null, ids: ids(body.runs as Run[]) },
  )
}

function matches(
  run: Run,
  { state, minReward, poster, evaluator, claimedBy, claimant, claimable }: Filter,
  now: bigint,
) {
  return (
    (state === undefined || run.state === state) &&
    (minReward === undefined || run.reward >= parseUnits(minReward, 6)) &&
    (poster === undefined || isAddressEqual(run.posterAddress, poster)) &&
    (evaluator === undefined || (run.evaluator !== null && isAddressEqual(run.evaluator, evaluator))) &&
    (claimedBy === undefined || run.claimedBy === BigInt(claimedBy)) &&
    (claimant === undefined || (run.claimant ?? 'none').toLowerCase() === claimant.toLowerCase()) &&
    (claimable === undefined || (run.state === 'OPEN' && now <= run.deadline) === claimable)
  )
}

function placeOf({ bountyId, reward, deadline }: Run, sort: RunListQuestion['sort']): Place {
  return { bountyId, value: sort === 'createdAt' ? bountyId : { reward, deadline }[sort] }
}

/** Negative if `a` comes first. Ties are ordered by id, in the same direction. */
function comparePlaces(a: Place, b: Place, order: 'asc' | 'desc') {
  const ascending = a.value === b.value ? a.bountyId - b.bountyId : a.value - b.value
  return Number(order === 'asc' ? ascending : -ascending)
}
