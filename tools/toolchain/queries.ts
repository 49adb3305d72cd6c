// Writes docs/queries.md: for each kind of list its statement, and the plan that PostgreSQL makes for it. With --check it
// only compares the file, and fails if it differs.
import type { Placeholder, SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { pino } from 'pino'
import { runSorts } from '../../ponder.schema.ts'
import { openReadPool } from '../../src/api/database/readPool.ts'
import { jsonObject } from '../../src/api/queries/json.ts'
import { nameOfShape, partyFilters, type Shape, standings } from '../../src/api/queries/runList.ts'
import { gatheringOf, isOfAllIds, isRange, pageStatement } from '../../src/api/queries/runStatements.ts'
import { runSummaryMembers } from '../../src/api/queries/runs.ts'
import { isCounted } from '../../src/api/queries/runTotals.ts'
import { withSnapshot } from '../../src/api/queries/snapshot.ts'
import { indexedDatabaseAt, viewsSchema } from '../../test/support/indexedTables.ts'
import { manyBriefs } from '../../test/support/manyBriefs.ts'
import { manyRuns } from '../../test/support/manyRuns.ts'
import { seedTime } from '../../test/support/rows.ts'
import { startPostgres } from '../devnet/postgres.ts'
import { writeGenerated } from './writeGenerated.ts'

/** The market in which the plans are made. test/api/plans.test.ts shows that they are the same in one of a million runs. */
const RUNS = 5_000

type Family = {
  title: string
  /** A request of the family. */
  request: string
  example: Shape
  covers: (shape: Shape) => boolean
  /** Why an answer takes the same time however many runs there are, or why not. */
  why: string
}

const newest: Shape = {
  sort: 'createdAt',
  order: 'desc',
  start: 'offset',
  standing: 'any',
  isRewarded: false,
  parties: [],
  isSearched: false,
}
const isPlain = ({ standing }: Shape) => standing === 'any' || standing === 'state' || standing === 'none'
const isCountedRange = (shape: Shape) => isCounted(shape) && isRange(shape)
const isEither = (shape: Shape) => isCounted(shape) && gatheringOf(shape)?.when === 'faster'

const families: Family[] = [
  {
    title: 'All runs by creation',
    request: 'page=2',
    example: newest,
    covers: isOfAllIds,
    why: 'The total is a sum of days. The market counts ids up from 1, so the page begins at an id that follows from the greatest one (in the other order, the least) and the offset, and no run precedes it. If the total shows that an id is missing, PostgreSQL passes the offset.',
  },
  {
    title: 'All runs by another order, a state, a party, a party in a state',
    request: 'state=OPEN',
    example: { ...newest, standing: 'state' },
    covers: (shape) => isCountedRange(shape) && isPlain(shape) && !shape.isRewarded && !isOfAllIds(shape),
    why: 'The total is a sum of days, or the row of a party. An index begins with the filter and continues in the order of the list: the page is its next entries from `start` on.',
  },
  {
    title: 'Claimable runs by deadline, expired runs by deadline',
    request: 'claimable=true&sort=deadline',
    example: { ...newest, standing: 'claimable', sort: 'deadline' },
    covers: (shape) => isCountedRange(shape) && !isPlain(shape),
    why: 'The total is a sum of wide bands of deadlines, which last four days, and of hours up to the first of them. Only the claimable runs of the current hour are counted one by one. The page is found as above.',
  },
  {
    title: 'A least reward, by reward',
    request: 'minReward=100&sort=reward',
    example: { ...newest, isRewarded: true, sort: 'reward' },
    covers: (shape) => isCountedRange(shape) && shape.isRewarded,
    why: 'The total is a sum of bands of rewards, and only the runs of the band that the reward splits are counted one by one. The page is found as above.',
  },
  {
    title: 'Runs that cannot be claimed; claimable ones of a least reward, by reward',
    request: 'claimable=false',
    example: { ...newest, standing: 'unclaimable' },
    covers: (shape) => isCounted(shape) && !isRange(shape) && gatheringOf(shape) === undefined,
    why: 'The total is a sum of days and bands. A walk in the order of the list passes runs that do not match, and reads only the index: of runs that cannot be claimed, the claimable ones; of claimable ones of a least reward, the expired ones, each of which has its reward in escrow.',
  },
  {
    title: 'Claimable runs by another order',
    request: 'claimable=true',
    example: { ...newest, standing: 'claimable' },
    covers: (shape) => isEither(shape) && gatheringOf(shape)?.by === 'bands',
    why: 'A walk passes expired runs. It gives up after twice as many runs as it passes where they are spread evenly, or at once if the first 50 are expired. Then the page is merged: of the current band of deadlines, which lasts six hours, all claimable runs that the page can need; of the bands ahead, each of which has its OPEN runs in the order of the list, as many as the page can need. These are the bands of six hours up to the next band of four days, and then bands of four days: at most 15 and 92, because a deadline is at most a year ahead. What the page can need ends at its last run if it had only its shares of the wide bands. Expired runs are neither passed nor counted, however many there are.',
  },
  {
    title: 'A party in a state by reward, claimable runs of a party by another order',
    request: 'poster=0x…&state=OPEN&sort=reward',
    example: { ...newest, standing: 'state', sort: 'reward', parties: ['poster'] },
    covers: (shape) => isEither(shape) && gatheringOf(shape)?.by === 'deadline',
    why: 'A walk passes runs that do not match, and gathering sorts all that do. The counts tell which is less: at most a few times the square root of the limit times the number of runs. Claimable runs of a party are read two at a time, because its expired runs are counted one by one.',
  },
  {
    title: 'A least reward by another order',
    request: 'minReward=100',
    example: { ...newest, isRewarded: true },
    covers: (shape) => isEither(shape) && gatheringOf(shape)?.by === 'magnitudes',
    why: 'A walk would pass the runs of smaller rewards, which cost their posters little, also when thousands of them are the newest. The page is merged from the magnitudes of rewards (their numbers of digits): an index has the runs of each, or those of a state, in the order of the list, so that only what the page needs is read; of runs that cannot be claimed, the claimable ones are passed. Few matching runs are gathered and sorted, and later pages are found by a walk. The total is a sum of bands of rewards; of runs that are claimable, or not, the expired ones of at least this reward are counted one by one: each has its reward in escrow. Pages of claimable runs below 1 USDC, and of runs that cannot be claimed, are read two at a time.',
  },
  {
    title: 'Expired runs by another order',
    request: 'state=OPEN&claimable=false',
    example: { ...newest, standing: 'expired' },
    covers: (shape) => isCounted(shape) && gatheringOf(shape)?.when === 'always',
    why: 'It grows with the expired runs: all are gathered. They are few if their posters withdraw the escrow. Such pages are read two at a time, and clients take turns.',
  },
  {
    title: 'A party with a least reward, two parties',
    request: 'poster=0x…&minReward=100',
    example: { ...newest, isRewarded: true, parties: ['poster'] },
    covers: (shape) => !isCounted(shape),
    why: 'It grows with the runs that match: no counts have them, so they are counted by an index of the party. Such pages are read two at a time, and clients take turns.',
  },
  {
    title: 'A search',
    request: 'q=logo&tag=design',
    example: { ...newest, isSearched: true },
    covers: ({ isSearched }) => isSearched,
    why: 'PostgreSQL estimates how many briefs match (`content.expected_briefs`, which reads the plan of a scan), and counts have how many runs match the other filters. If more than 20,000 runs are expected, a walk in the order of the list passes few that do not match, and the total is not counted: `totalIsExact` is false. If the walk gives up, or fewer are expected, all matches up to 10,000 are gathered, counted and sorted: by their words, or by the other filters if these have less than a third as many runs. If there are more, a walk finds the page. All searches are read two at a time, and clients take turns.',
  },
]

const shapes = runSorts.flatMap((sort) =>
  (['asc', 'desc'] as const).flatMap((order) =>
    (['offset', 'after'] as const).flatMap((start) =>
      standings.flatMap((standing) =>
        [false, true].flatMap((isRewarded) =>
          subsetsOf(partyFilters).flatMap((parties) =>
            [false, true].map(
              (isSearched): Shape => ({ ...newest, sort, order, start, standing, isRewarded, parties, isSearched }),
            ),
          ),
        ),
      ),
    ),
  ),
)

function subsetsOf<Member>([member, ...rest]: readonly Member[]): Member[][] {
  if (member === undefined) return [[]]
  const subsets = subsetsOf(rest)
  return [...subsets, ...subsets.map((subset) => [member, ...subset])]
}

const dialect = new PgDialect({ casing: 'snake_case' })

/** The SQL with the names of its values: `:limit`. */
function named(statement: SQL): string {
  const { sql: text, params } = dialect.sqlToQuery(statement)
  return text.replace(/\$(\d+)/g, (_, place) => `:${(params[Number(place) - 1] as Placeholder).name}`)
}

const snapshot = named(withSnapshot)
const json = named(jsonObject(runSummaryMembers))
const shorten = (text: string) => text.replace(snapshot, 'with snapshot as (…)').replace(json, '…')

type Node = {
  'Node Type': string
  'Index Name'?: string
  'Relation Name'?: string
  'Subplan Name'?: string
  Plans?: Node[]
}

/** What each part of the statement reads and sorts, in the order in which PostgreSQL lists it. */
function partsOf(node: Node, part = 'answer'): { part: string; does: string }[] {
  const own = /^CTE (\w+)$/.exec(node['Subplan Name'] ?? '')?.[1] ?? part
  const below = (node.Plans ?? []).flatMap((each) => partsOf(each, own))
  const type = node['Node Type']
  const does = type.endsWith('Sort')
    ? 'sorts'
    : node['Relation Name'] && `${type} of ${node['Index Name'] ?? node['Relation Name']}`
  return does ? [...below, { part: own, does }] : below
}

async function planOf(client: pg.ClientBase, shape: Shape): Promise<string> {
  const name = pg.escapeIdentifier(nameOfShape(shape))
  const { sql: text, params } = dialect.sqlToQuery(pageStatement(shape))
  await client.query(`PREPARE ${name} AS ${text}`)
  const nulls = params.map(() => 'NULL').join(', ')
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
    `EXPLAIN (FORMAT JSON) EXECUTE ${name}(${nulls})`,
  )
  const parts = Map.groupBy(
    rows.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan }) => partsOf(Plan))),
    ({ part }) => part,
  )
  return [...parts]
    .filter(([part]) => part !== 'snapshot')
    .map(([part, steps]) => `${part}: ${steps.map(({ does }) => does).join(', ')}`)
    .join('; ')
}

const sectionOf = ({ title, request, example, why }: Family, plan: string) => `## ${title}

\`GET /api/runs?${request}\` runs \`${nameOfShape(example)}\`.

\`\`\`sql
${shorten(named(pageStatement(example)))}
\`\`\`

Plan: ${plan}.

${why}
`

for (const shape of shapes) {
  const covering = families.filter(({ example, covers }) => example.isSearched === shape.isSearched && covers(shape))
  if (covering.length !== 1) throw new Error(`${covering.length} families cover '${nameOfShape(shape)}', not one`)
}
const names = new Set(shapes.map(nameOfShape))
if (names.size !== shapes.length) throw new Error(`${shapes.length} shapes have ${names.size} names`)
const tooLong = [...names].find((name) => Buffer.byteLength(name) > 63)
if (tooLong !== undefined) throw new Error(`PostgreSQL truncates the name '${tooLong}'`)

const postgres = await startPostgres()
try {
  const url = await postgres.createDatabase()
  const index = indexedDatabaseAt(url)
  await index.create(manyRuns(RUNS))
  await index.db.execute(manyBriefs())
  await index.moveTo({ number: 10n, timestamp: seedTime })
  await index.pool.query('VACUUM ANALYZE')
  await index.close()
  const pool = openReadPool({ url, schema: viewsSchema, logger: pino({ level: 'silent' }) })
  const client = await pool.connect()
  const sections: string[] = []
  for (const family of families) sections.push(sectionOf(family, await planOf(client, family.example)))
  client.release()
  await pool.end()
  const text = `# The statements of lists

Written by \`npm run queries\` from src/api/queries/runStatements.ts, which composes them. ${shapes.length} combinations of filters, sort,
order and start make ${shapes.length} statements, of the ${families.length} kinds below. \`:name\` is a value of the request. After a cursor, \`found\` has the
condition \`bounty_id < :afterId\`, or \`(reward, bounty_id) < (:afterValue, :afterId)\`, instead of an offset; so has \`page\`, where there
is no \`found\`, instead of \`start\`.

Every statement begins with the indexed block, and a page with the JSON of its runs. They are shortened to \`…\` below:

\`\`\`sql
${snapshot}
\`\`\`

\`\`\`sql
${json}
\`\`\`

A page is found by an offset: PostgreSQL passes the entries of the index that precede it, 30 ns each, except of all runs by
creation. Pages after the first 2,000 runs are read two at a time, and clients take turns.

${sections.join('\n')}`
  writeGenerated('docs/queries.md', text, 'the statements', 'queries')
} finally {
  await postgres.stop()
}
