import { type SQL, sql } from 'drizzle-orm'
import { partiesOf, rewardBandWidth } from '../../../ponder.schema.ts'
import { isFar, type PageRead } from './pageReader.ts'
import { type RunList, type RunOrder, shapeOf } from './runList.ts'
import { isCounted, matchesOf } from './runTotal.ts'
import { byPosition, limit, mayGather, type StartKind, walksOf } from './runWalks.ts'
import { plainQuery, withSnapshot } from './snapshot.ts'

/** The sort key of a run, which is its position in the list. */
export type RunPosition = { value: bigint; bountyId: bigint }

/** Where a page starts: after a run, or after a number of runs. */
export type RunStart = { after: RunPosition } | { offset: number }

export type RequestedPage = { start: RunStart; limit: number }

export type RunPage = {
  /** The JSON of the page's runs, separated by commas. */
  runs: string
  /** The number of runs in the list. */
  total: number
  /** The position of the page's last run; null if no run follows. */
  end: RunPosition | null
}

/** A page of a list. Runs with the same sort key are ordered by id, so that pages never overlap. */
export function pageOfRuns(list: RunList, { start, limit }: RequestedPage): PageRead<RunPage> {
  const isExpensive = !isCounted(list) || ('offset' in start && isFar(start.offset))
  const values = {
    ...list,
    ...(list.minReward !== undefined && bandsAt(list.minReward)),
    party: partiesOf(list)[0],
    limit,
    ...('offset' in start ? start : { afterId: start.after.bountyId, afterValue: start.after.value }),
  }
  const decode = ({ runs, total, found, last_id, last_value }: PageRow): RunPage => ({
    runs,
    total: Number(total),
    end: found > limit ? { value: last_value, bountyId: last_id } : null,
  })
  const statement = statementOf(list, 'after' in start ? 'after' : 'offset')
  return { query: statement(values, decode, { alone: isExpensive }), isExpensive }
}

/**
 * The band that `minReward` splits, and how to count from the nearer edge of it (`wholeBand`): the runs between that edge
 * and `minReward` are counted one by one, and added to the bands from there on, or subtracted from them.
 */
function bandsAt(minReward: bigint) {
  const width = rewardBandWidth(minReward)
  const splitBand = minReward - (minReward % width)
  const nextBand = splitBand + width
  return minReward - splitBand < nextBand - minReward
    ? { splitBand, wholeBand: splitBand, splitFrom: splitBand, splitBefore: minReward, splitSign: -1 }
    : { splitBand, wholeBand: nextBand, splitFrom: minReward, splitBefore: nextBand, splitSign: 1 }
}

/** One statement per combination of filters, sort, order and kind of start. */
const statements = new Map<string, ReturnType<typeof makeStatement>>()

function statementOf(list: RunList, start: StartKind) {
  const name = `runs ${list.sort} ${list.order} ${start} ${shapeOf(list)}`
  const statement = statements.get(name) ?? makeStatement(name, list, start)
  statements.set(name, statement)
  return statement
}

function makeStatement(name: string, list: RunList, start: StartKind) {
  const matches = matchesOf(list, mayGather(list))
  return plainQuery<PageRow>(
    name,
    sql`${withSnapshot}, "matches" as (${matches}), ${walksOf(list, start)}
      select "snapshot".*, "total", "page".* from "snapshot" cross join "matches" cross join (${pageOf(list)}) as "page"`,
  )
}

type PageRow = {
  total: bigint
  runs: string
  /** How many runs the walk found: one more than the limit if a run follows the page. */
  found: bigint
  /** The position of the run that fills the page. */
  last_id: bigint
  last_value: bigint
}

/** The page in one row: the walk's runs without the extra one that shows whether a run follows. */
function pageOf(order: RunOrder): SQL {
  return sql`
    select coalesce(string_agg("json", ','), '') as "runs", (select count(*) from "walked") as "found",
      (array_agg("bounty_id"))[${limit}] as "last_id", (array_agg("value"))[${limit}] as "last_value"
    from (select * from "walked" order by ${byPosition(order)} limit ${limit}) as "listed"`
}
