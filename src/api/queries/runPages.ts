import { partiesOf, rewardBandWidth } from '../../../ponder.schema.ts'
import { isFar, type PageRead } from './pageReader.ts'
import { nameOfShape, type RunList, type RunPosition, type RunStart, type Shape, shapeOf } from './runList.ts'
import { gatheringOf, growsWithExpired, pageStatement } from './runStatements.ts'
import { isCounted } from './runTotals.ts'
import { plainQuery } from './snapshot.ts'

export type RunPage = {
  /** The JSON of the page's runs, separated by commas. */
  runs: string
  /** The number of runs in the list. */
  total: number
  /** The position of the page's last run; null if no run follows. */
  end: RunPosition | null
}

type Row = {
  total: bigint
  runs: string
  /** How many runs were found: one more than the limit if a run follows the page. */
  found: bigint
  /** The position of the run that fills the page. */
  last_id: bigint
  last_value: bigint
}

/** A page that is merged from bands or magnitudes reads as many rows of each as precede it. */
const NEAR_MERGED_ROWS = 100

/**
 * The least `minReward`, in USDC base units, with which claimable runs are no expensive page: their expired runs are
 * counted one by one, and 50,000 runs of a smaller reward cost an account little.
 */
const LEAST_CHEAP_REWARD = 1_000_000n

/** A page of a list. Runs with the same sort key are ordered by id, so that pages never overlap. */
export function pageOfRuns(list: RunList, start: RunStart, limit: number): PageRead<RunPage> {
  const shape = shapeOf(list, start)
  const by = gatheringOf(shape)?.by
  const near = by === 'bands' || by === 'magnitudes' ? NEAR_MERGED_ROWS : undefined
  const isFarPage = 'offset' in start && isFar(start.offset, near)
  const isOfDust = shape.standing === 'claimable' && (list.minReward ?? LEAST_CHEAP_REWARD) < LEAST_CHEAP_REWARD
  const isExpensive = !isCounted(shape) || growsWithExpired(shape) || isOfDust || isFarPage
  const values = {
    ...list,
    ...(list.minReward !== undefined && splitAt(list.minReward)),
    party: partiesOf(list)[0],
    limit,
    ...('offset' in start ? start : { afterId: start.after.bountyId, afterValue: start.after.value }),
  }
  const decode = ({ runs, total, found, last_id, last_value }: Row): RunPage => ({
    runs,
    total: Number(total),
    end: found > limit ? { value: last_value, bountyId: last_id } : null,
  })
  return { query: queryOf(shape)(values, decode, { alone: isExpensive }), isExpensive }
}

/**
 * How to count the runs of the band that `minReward` splits, from the nearer edge of the band: the runs between that edge
 * and `minReward` are counted one by one, and added to the bands from there on, or subtracted from them.
 */
function splitAt(minReward: bigint) {
  const width = rewardBandWidth(minReward)
  const lowest = minReward - (minReward % width)
  const next = lowest + width
  return minReward - lowest < next - minReward
    ? { wholeBand: lowest, splitFrom: lowest, splitBefore: minReward, splitSign: -1 }
    : { wholeBand: next, splitFrom: minReward, splitBefore: next, splitSign: 1 }
}

const queries = new Map<string, ReturnType<typeof plainQuery<Row>>>()

/** The prepared query of the shape. Name and text are both made from the shape, so that each name has one text. */
function queryOf(shape: Shape) {
  const name = nameOfShape(shape)
  const query = queries.get(name) ?? plainQuery<Row>(name, pageStatement(shape))
  queries.set(name, query)
  return query
}
