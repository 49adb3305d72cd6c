import quickselect from 'quickselect'
import { runStates } from '../../../ponder.schema.ts'
import { placeOf } from './ascendingIds.ts'
import { isOfIds } from './runConditions.ts'
import { type RunList, type RunPosition, type RunStart, type Shape, shapeOf } from './runList.ts'
import { MOST_COUNTED } from './searchedRuns.ts'

/**
 * Rows of runs, a list for each column: rewards in USDC base units, deadlines in seconds, states as places in `runStates`, addresses
 * of posters and evaluators, and ids of the agents that claimed. All numbers are exact: a reward is at most 1e15.
 */
export type RunRows = Record<'ids' | 'rewards' | 'deadlines' | 'states', number[]> &
  Record<'posters' | 'evaluators' | 'claimants', (string | null)[]>

/** A page of a list without the texts of its runs. */
type IdPage = {
  ids: number[]
  /** The number of runs in the list; if more than `MOST_COUNTED`, this number. */
  total: number
  isTotalExact: boolean
  /** The position of the page's last run; null if no run follows. */
  end: RunPosition | null
}

type Rule = 'none' | 'all' | 'unexpired' | 'expired'

/** Which runs a standing has: those of the state that the list names, OPEN ones, and those of other states. */
const rulesOf: Record<Shape['standing'], { asked?: Rule; open: Rule; others: Rule }> = {
  any: { open: 'all', others: 'all' },
  state: { asked: 'all', open: 'none', others: 'none' },
  claimable: { open: 'unexpired', others: 'none' },
  expired: { open: 'expired', others: 'none' },
  unclaimable: { open: 'expired', others: 'all' },
  none: { open: 'none', others: 'none' },
}

/**
 * What lists filter and sort runs by, of all runs, at the place of their id. Some 25 bytes a run. To filter the runs that a search
 * finds takes some nanoseconds for each.
 */
export class RunColumns {
  #rewards = new Float64Array(1)
  #deadlines = new Uint32Array(1)
  #states = new Uint8Array(1)
  #posters = new Uint32Array(1)
  #evaluators = new Uint32Array(1)
  #claimants = new Uint32Array(1)
  /** Where the runs of a list are collected: a new array for each would take as long as they do. */
  #scratch: Uint32Array = new Uint32Array(1)
  /** A number for each party, from 1. */
  readonly #parties = new Map<string, number>()

  /** Adds runs, or replaces them. */
  set({ ids, rewards, deadlines, states, posters, evaluators, claimants }: RunRows): void {
    this.#extendTo(ids.reduce((one, other) => Math.max(one, other), 0))
    for (const [row, id] of ids.entries()) {
      this.#rewards[id] = rewards[row] as number
      this.#deadlines[id] = deadlines[row] as number
      if (this.#deadlines[id] !== deadlines[row])
        throw new RangeError(`Run ${id}: its deadline ${deadlines[row]} does not fit 32 bits`)
      this.#states[id] = states[row] as number
      this.#posters[id] = this.#numberOf(posters[row])
      this.#evaluators[id] = this.#numberOf(evaluators[row])
      this.#claimants[id] = this.#numberOf(claimants[row])
    }
  }

  #extendTo(id: number): void {
    const { length } = this.#states
    if (id < length) return
    const size = Math.max(id + 1, Math.ceil(1.25 * length))
    this.#rewards = extended(Float64Array, this.#rewards, size)
    this.#deadlines = extended(Uint32Array, this.#deadlines, size)
    this.#states = extended(Uint8Array, this.#states, size)
    this.#posters = extended(Uint32Array, this.#posters, size)
    this.#evaluators = extended(Uint32Array, this.#evaluators, size)
    this.#claimants = extended(Uint32Array, this.#claimants, size)
  }

  /** Zero if there is no party. */
  #numberOf(party: string | null | undefined): number {
    if (party == null) return 0
    const number = this.#parties.get(party) ?? this.#parties.size + 1
    this.#parties.set(party, number)
    return number
  }

  /**
   * A page of those runs of a list that a search finds.
   * @param found their ids, in ascending order.
   * @param now when claimable runs can be claimed, in seconds.
   */
  page(found: Uint32Array, list: RunList, start: RunStart, limit: number, now: bigint): IdPage {
    const shape = shapeOf(list, start)
    const listed = isOfIds(shape) ? found : this.#select(found, list, shape, Number(now))
    const values = { createdAt: undefined, reward: this.#rewards, deadline: this.#deadlines }[list.sort]
    const { ids, isFollowed } = values
      ? pageByValue(listed, values, list, start, limit)
      : pageById(listed, list, start, limit)
    const last = isFollowed ? ids.at(-1) : undefined
    return {
      ids,
      total: Math.min(listed.length, MOST_COUNTED),
      isTotalExact: listed.length <= MOST_COUNTED,
      end: last === undefined ? null : { value: BigInt(values?.[last] ?? last), bountyId: BigInt(last) },
    }
  }

  /** In ascending order. */
  #select(found: Uint32Array, list: RunList, { standing }: Shape, now: number): Uint32Array {
    const states = this.#states
    const deadlines = this.#deadlines
    const counts = countsOf(standing, list.state)
    let selected = this.#scratch.length < found.length ? new Uint32Array(found.length) : this.#scratch
    this.#scratch = selected
    let count = 0
    // Without a branch, which takes several times as long where the states of runs are mixed.
    for (let place = 0; place < found.length; place++) {
      const id = found[place] as number
      selected[count] = id
      const isExpired = (deadlines[id] as number) < now
      count += counts[2 * (states[id] as number) + Number(isExpired)] as number
    }
    selected = selected.subarray(0, count)
    const { minReward, poster, evaluator, claimedBy } = list
    if (minReward !== undefined) selected = retain(selected, this.#rewards, (reward) => reward >= Number(minReward))
    if (poster !== undefined) selected = retain(selected, this.#posters, this.#isParty(poster))
    if (evaluator !== undefined) selected = retain(selected, this.#evaluators, this.#isParty(evaluator))
    if (claimedBy !== undefined) selected = retain(selected, this.#claimants, this.#isParty(claimedBy.toString()))
    return selected
  }

  #isParty(party: string) {
    const asked = this.#parties.get(party)
    return (number: number) => number === asked
  }
}

/**
 * One if a standing has the runs of a state, at two places for each: of those that have not expired, and of those that have. The
 * contract accepts a claim up to and including the deadline.
 */
function countsOf(standing: Shape['standing'], asked: string | undefined): Uint8Array {
  const rules = rulesOf[standing]
  return Uint8Array.from(
    runStates.flatMap((state) => {
      const rule = (state === asked && rules.asked) || (state === 'OPEN' ? rules.open : rules.others)
      return [rule === 'all' || rule === 'unexpired', rule === 'all' || rule === 'expired'].map(Number)
    }),
  )
}

/** Keeps the runs whose value in a column meets the condition, in place. */
function retain(ids: Uint32Array, column: Column, isMet: (value: number) => boolean): Uint32Array {
  let count = 0
  for (let place = 0; place < ids.length; place++) {
    const id = ids[place] as number
    if (isMet(column[id] as number)) ids[count++] = id
  }
  return ids.subarray(0, count)
}

type Column = Float64Array | Uint32Array | Uint8Array

type Slice = {
  ids: number[]
  /** Whether a run of the list follows. */
  isFollowed: boolean
}

/** @param listed in ascending order, which is that of creation. */
function pageById(listed: Uint32Array, { order }: RunList, start: RunStart, limit: number): Slice {
  const { length } = listed
  const isAscending = order === 'asc'
  const precedingOf = (id: number) => (isAscending ? placeOf(listed, id + 1) : length - placeOf(listed, id))
  const preceding = 'offset' in start ? start.offset : precedingOf(Number(start.after.bountyId))
  const end = Math.min(preceding + limit, length)
  const ids = isAscending
    ? Array.from(listed.subarray(preceding, end))
    : Array.from(listed.subarray(length - end, Math.max(length - preceding, 0))).reverse()
  return { ids, isFollowed: end < length }
}

/** Runs with one value are in the order of ids. */
function pageByValue(listed: Uint32Array, values: Column, { order }: RunList, start: RunStart, limit: number): Slice {
  const sign = order === 'asc' ? 1 : -1
  const first = 'offset' in start ? start.offset : 0
  const ids = firstOf(listed, values, sign, first + limit + 1, 'after' in start ? start.after : undefined)
  return { ids: ids.slice(first, first + limit), isFollowed: ids.length > first + limit }
}

/**
 * The first runs in the order of the values, of those after the position. Others are dropped as soon as enough precede them: to sort
 * all takes much longer.
 */
function firstOf(listed: Uint32Array, values: Column, sign: number, count: number, after?: RunPosition): number[] {
  const compare = (one: number, other: number) =>
    sign * ((values[one] as number) - (values[other] as number)) || sign * (one - other)
  const position = after && { value: sign * Number(after.value), id: sign * Number(after.bountyId) }
  const kept: number[] = []
  let last = Number.POSITIVE_INFINITY
  for (let place = 0; place < listed.length; place++) {
    const id = listed[place] as number
    const value = sign * (values[id] as number)
    if (value > last) continue
    if (position && (value < position.value || (value === position.value && sign * id <= position.id))) continue
    kept.push(id)
    if (kept.length < 2 * count) continue
    quickselect(kept, count - 1, 0, kept.length - 1, compare)
    kept.length = count
    last = sign * (values[kept[count - 1] as number] as number)
  }
  return kept.sort(compare).slice(0, count)
}

function extended<Type extends Column>(Columns: new (length: number) => Type, column: Type, length: number): Type {
  const longer = new Columns(length)
  longer.set(column)
  return longer
}
