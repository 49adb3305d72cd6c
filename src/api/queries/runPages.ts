import type { Requester } from '../../../core/fairLane.ts'
import { lowestOfRewardBand, partiesOf, rewardBandWidth } from '../../../ponder.schema.ts'
import { Problem } from '../http/errors.ts'
import { isFar, type PageRead, type PageReader } from './pageReader.ts'
import { nameOfShape, type RunList, type RunPosition, type RunStart, type Shape, shapeOf } from './runList.ts'
import { gatheringOf, growsWithExpired, pageStatement } from './runStatements.ts'
import { isCounted } from './runTotals.ts'
import { MOST_COUNTED } from './searchedRuns.ts'
import { plainQuery } from './snapshot.ts'

export type RunPage = {
  /** The JSON of the page's runs, separated by commas. */
  runs: string
  /** The number of runs in the list; of a search that finds more than `MOST_COUNTED`, this number. */
  total: number
  isTotalExact: boolean
  /** The position of the page's last run; null if no run follows. */
  end: RunPosition | null
}

type Row = {
  total: bigint
  is_exact: boolean
  runs: string
  /** How many runs were found: one more than the limit if a run follows the page. */
  found: bigint
  /** The position of the run that fills the page. */
  last_id: bigint
  last_value: bigint
}

/** A page that is merged, and that begins after up to this many runs, takes at most 2.5 times as long as the first one. */
const NEAR_MERGED_ROWS = 1_000

/**
 * The least `minReward`, in USDC base units, with which claimable runs are no expensive page: their expired runs are
 * counted one by one, and 50,000 runs of a smaller reward cost an account little.
 */
const LEAST_CHEAP_REWARD = 1_000_000n

/**
 * A page of a list. Runs with the same sort key are ordered by id, so that pages never overlap.
 * @throws Problem VALIDATION_FAILED if it is a page of a search that begins after `MOST_COUNTED` runs.
 */
export function pageOfRuns(list: RunList, start: RunStart, limit: number): PageRead<RunPage> {
  const shape = shapeOf(list, start)
  if (shape.isSearched && 'offset' in start && start.offset >= MOST_COUNTED) {
    const value = String(start.offset / limit + 1)
    const detail = `page: must begin within the first ${MOST_COUNTED} runs of a search: go on by cursor, got ${value}.`
    throw new Problem('VALIDATION_FAILED', detail, { extensions: { field: 'page', value } })
  }
  const by = gatheringOf(shape)?.by
  const near = by === 'bands' || by === 'magnitudes' ? NEAR_MERGED_ROWS : undefined
  const isFarPage = 'offset' in start && isFar(start.offset, near)
  const isOfDust = shape.standing === 'claimable' && (list.minReward ?? LEAST_CHEAP_REWARD) < LEAST_CHEAP_REWARD
  // What a search reads is known only to PostgreSQL.
  const isExpensive = shape.isSearched || !isCounted(shape) || growsWithExpired(shape) || isOfDust || isFarPage
  const values = {
    ...list,
    ...(list.minReward !== undefined && splitAt(list.minReward)),
    party: partiesOf(list)[0],
    q: list.q ?? null,
    tag: list.tag ?? null,
    limit,
    ...('offset' in start ? start : { afterId: start.after.bountyId, afterValue: start.after.value }),
  }
  const decode = ({ runs, total, is_exact, found, last_id, last_value }: Row): RunPage => ({
    runs,
    total: Number(total),
    isTotalExact: is_exact,
    end: found > limit ? { value: last_value, bountyId: last_id } : null,
  })
  return { query: queryOf(shape)(values, decode, { alone: isExpensive }), isExpensive }
}

/**
 * How to count the runs of the band that `minReward` splits, from the nearer edge of the band: the runs between that edge
 * and `minReward` are counted one by one, and added to the bands from there on, or subtracted from them.
 */
function splitAt(minReward: bigint) {
  const lowest = lowestOfRewardBand(minReward)
  const next = lowest + rewardBandWidth(minReward)
  return minReward - lowest < next - minReward
    ? { wholeBand: lowest, splitFrom: lowest, splitBefore: minReward, splitSign: -1 }
    : { wholeBand: next, splitFrom: minReward, splitBefore: next, splitSign: 1 }
}

/** Creates a function that reads a page of a list. It throws a Problem as `createPageReader` and `pageOfRuns` do. */
export const createRunPageReader =
  (readPage: PageReader) => (list: RunList, start: RunStart, limit: number, requester: Requester, minBlock?: bigint) =>
    readPage(pageOfRuns(list, start, limit), requester, minBlock)

export type RunPageReader = ReturnType<typeof createRunPageReader>

const queries = new Map<string, ReturnType<typeof plainQuery<Row>>>()

/** The prepared query of the shape. Name and text are both made from the shape, so that each name has one text. */
function queryOf(shape: Shape) {
  const name = nameOfShape(shape)
  const query = queries.get(name) ?? plainQuery<Row>(name, pageStatement(shape))
  queries.set(name, query)
  return query
}
