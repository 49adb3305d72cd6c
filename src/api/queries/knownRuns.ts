import { type SQL, sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { runStates } from '../../../ponder.schema.ts'
import { Problem } from '../http/errors.ts'
import { type Block, changesRun, isOfBranch, valuesOfBlock } from './changes.ts'
import type { IndexReader } from './indexReader.ts'
import type { PageReader } from './pageReader.ts'
import { RunColumns, type RunRows } from './runColumns.ts'
import { plainQuery, type SnapshotQuery, withSnapshot } from './snapshot.ts'

/** With more runs, whose columns take some 100 MB, searches are always found by words. */
const MOST_RUNS = 4_000_000

/** How many runs are read at once. It takes some 15 ms, of which this process parses JSON for 5. */
const PART_RUNS = 5_000

/** How many events are applied at once. */
const MOST_EVENTS = 2_000

/** How long after a failure all runs are read again. */
const RETRY_AFTER_MS = 5_000

/** Its parts wait for their turns among the expensive pages of clients. */
const requester = { client: 'known runs', gone: new AbortController().signal }

const placeholder = sql.placeholder
const stateCode = sql`array_position(${sql.raw(`array['${runStates.join(`','`)}']`)}, state) - 1`
const columnOf = (name: string, value: SQL) => sql`coalesce(json_agg(${value}), '[]') as ${sql.raw(name)}`

/** The columns of a CTE with runs. */
const columnsOf = (runs: string) =>
  sql`(select ${sql.join(
    [
      columnOf('ids', sql`bounty_id`),
      columnOf('rewards', sql`reward`),
      columnOf('deadlines', sql`deadline`),
      columnOf('states', stateCode),
      columnOf('posters', sql`poster_address`),
      columnOf('evaluators', sql`evaluator`),
      columnOf('claimants', sql`claimed_by::text`),
    ],
    sql`, `,
  )} from ${sql.raw(runs)})`

type Row = RunRows & {
  /** Whether the block of the read before is part of the chain. */
  known: boolean
}

const findPart = plainQuery<Row>(
  'known runs',
  sql`${withSnapshot}, branch as (${isOfBranch}), part as materialized (
      select * from run where bounty_id > ${placeholder('after')} order by bounty_id limit ${sql.raw(String(PART_RUNS))}
    )
    select "snapshot".*, known, listed.* from "snapshot" cross join branch cross join ${columnsOf('part')} as listed`,
)

type ChangedRow = Row & {
  /** How many events there are, up to `MOST_EVENTS`, and the id of the last of them. */
  passed: bigint
  last: string
}

const findChanged = plainQuery<ChangedRow>(
  'changed runs',
  sql`${withSnapshot}, branch as (${isOfBranch}), passed as materialized (
      select id, bounty_id, name from run_event
      where (select known from branch) and id > ${placeholder('since')}
      order by id limit ${sql.raw(String(MOST_EVENTS))}
    ), changed as materialized (
      select run.* from (select distinct bounty_id from passed where ${changesRun}) as ids join run on run.bounty_id = ids.bounty_id
    )
    select "snapshot".*, known, (select max(id) from passed) as last, (select count(*) from passed) as passed, listed.*
    from "snapshot" cross join branch cross join ${columnsOf('changed')} as listed`,
)

/** What no block has: it is not part of the chain. */
const noBlock: Block = { number: 0n, timestamp: 0n, hash: '0x' }

/** The id after which the events of later blocks begin. */
const endOf = (chainId: number, block: Block) => valuesOfBlock(chainId, block).end

/** Reads the runs after an id. @param before the block at which those before them were read. */
const partAfter =
  (after: number, before = noBlock): SnapshotQuery<Row & { end: string }> =>
  async (db, moment) => {
    const result = await findPart({ after, ...valuesOfBlock(moment.chainId, before) }, (row) => row, { alone: true })(
      db,
      moment,
    )
    return result && { ...result, data: { ...result.data, end: endOf(moment.chainId, result.snapshot) } }
  }

/** Reads the runs of the first events after an id. @param block is part of the chain if these events are. */
const changedSince =
  (since: string | undefined, block: Block): SnapshotQuery<ChangedRow> =>
  (db, moment) => {
    const values = { since: since ?? endOf(moment.chainId, block), ...valuesOfBlock(moment.chainId, block) }
    return findChanged(values, (row) => row)(db, moment)
  }

type Options = { index: IndexReader; readPage: PageReader; logger: Logger }

/**
 * What lists filter and sort runs by, as this process knows it, so that a search that is asked for again reads nothing of the runs
 * that it finds but those of the page. It is read once, in parts, and then follows the events of each block.
 */
export class KnownRuns {
  readonly #index: IndexReader
  readonly #readPage: PageReader
  readonly #logger: Logger
  #known: { columns: RunColumns; block: Block } | undefined
  #reading: Promise<void> | undefined
  /** When all runs may be read, by `performance.now()`. */
  #readableAt = 0

  constructor({ index, readPage, logger }: Options) {
    this.#index = index
    this.#readPage = readPage
    this.#logger = logger
  }

  /** The columns, and the block at which they are true; undefined until they are read. */
  get current(): { columns: RunColumns; block: Block } | undefined {
    return this.#known
  }

  /** Begins to read all runs, unless they are known or were tried to be read just now. */
  start(): void {
    if (this.#known || this.#reading || performance.now() < this.#readableAt) return
    this.#readableAt = performance.now() + RETRY_AFTER_MS
    this.#reading = this.#readAll()
      .catch((err) => {
        if (!(err instanceof Problem)) this.#logger.error({ err }, 'The runs cannot be read')
      })
      .finally(() => {
        this.#reading = undefined
      })
  }

  /**
   * Applies the events since. Concurrent calls share it.
   * @throws Problem INDEX_BEHIND if the index cannot be read.
   */
  follow(): Promise<void> {
    if (!this.#known) return Promise.resolve()
    const { columns, block } = this.#known
    this.#reading ??= this.#follow(columns, block).finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readAll(): Promise<void> {
    const columns = new RunColumns()
    let since: string | undefined
    let block: Block | undefined
    for (let after = 0; ; ) {
      const { snapshot, data } = await this.#readPage({ query: partAfter(after, block), isExpensive: true }, requester)
      // A reorg has removed the block at which the runs before were read. The next search begins anew.
      if (block && !data.known) return
      block = snapshot
      // Rows of later parts may be later than the first one. Their events are applied twice.
      since ??= data.end
      columns.set(data)
      after = data.ids.at(-1) ?? after
      if (after > MOST_RUNS) {
        this.#readableAt = Number.POSITIVE_INFINITY
        return
      }
      if (data.ids.length < PART_RUNS) return this.#follow(columns, block, since)
    }
  }

  /** @param since the id of the last event that is applied; the end of the block if absent. */
  async #follow(columns: RunColumns, from: Block, since?: string): Promise<void> {
    const changed: RunRows[] = []
    let block = from
    for (let last = since; ; ) {
      const { snapshot, data } = await this.#index.read(changedSince(last, block))
      // A replica that is behind.
      if (snapshot.number < block.number) return
      if (!data.known) {
        this.#known = undefined
        return
      }
      changed.push(data)
      block = snapshot
      if (data.passed < MOST_EVENTS) break
      last = data.last
    }
    // At once, because between two parts the columns are those of no block.
    for (const rows of changed) columns.set(rows)
    this.#known = { columns, block }
  }
}
