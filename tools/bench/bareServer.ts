// The baseline of the read benches: Hono, node-postgres, and the API's own statements, without the API. `/run/:id`, `/list`
// and `/filtered/:n` answer with the JSON that PostgreSQL produces, `/constant` with the body of the API's list, and
// `/constant-with-headers` with its headers too. `/briefs?q=` counts the briefs that have a word, without their runs.
import { readFileSync } from 'node:fs'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { pino } from 'pino'
import { openReadPool } from '../../src/api/database/readPool.ts'
import { MOST_COUNTED } from '../../src/api/queries/searchedRuns.ts'

type Statement = { name: string; text: string; values: unknown[] }
type Row = { runs?: string; run?: string }
type Constant = { body: string; headers: Record<string, string> }
/** One text with the values of each list. */
type Filtered = { name: string; text: string; valuesOf: unknown[][] }
type Bare = {
  url: string
  schema: string
  list: Statement
  run: Statement
  filtered: Filtered
  constant: Constant
}

const file = readFileSync(process.env.BARE ?? '', 'utf8')
const { url, schema, list, run, filtered, constant } = JSON.parse(file) as Bare
const pool = openReadPool({ url, schema, logger: pino({ level: 'warn' }) })
const app = new Hono()

const json = { 'Content-Type': 'application/json' }

app.get('/constant', (c) => c.body(constant.body, 200, json))
app.get('/constant-with-headers', (c) => c.body(constant.body, 200, constant.headers))
app.get('/list', async (c) => {
  const { rows } = await pool.query<Row>(list)
  return c.body(assertJson(rows[0]?.runs), 200, json)
})
app.get('/filtered/:n', async (c) => {
  const { name, text, valuesOf } = filtered
  const { rows } = await pool.query<Row>({ name, text, values: valuesOf[Number(c.req.param('n'))] ?? [] })
  return c.body(assertJson(rows[0]?.runs), 200, json)
})
app.get('/briefs', async (c) => {
  const { rows } = await pool.query<{ count: number }>({
    name: 'briefs',
    text: `SELECT count(*)::int AS count FROM (
      SELECT FROM content.brief_words WHERE words @@ websearch_to_tsquery('simple', $1) LIMIT ${MOST_COUNTED + 1}
    ) AS found`,
    values: [c.req.query('q')],
  })
  return c.json(rows[0])
})
app.get('/run/:id', async (c) => {
  const values = run.values.map((value) => (value === 'ids' ? [c.req.param('id')] : value))
  const { rows } = await pool.query<Row>({ ...run, values })
  return c.body(assertJson(rows[0]?.run), 200, json)
})

function assertJson(text: string | undefined) {
  if (!text) throw new Error('The statement returned no JSON')
  return text
}

serve({ fetch: app.fetch, port: 0 }, ({ port }) => console.log(`Bare server listens on ${port}`))
