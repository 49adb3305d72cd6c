// The baseline of the read benches: Hono, node-postgres, and the API's own statement, without the API. `/list` answers with
// the JSON that PostgreSQL produces, `/constant` with the body of the API's list.
import { readFileSync } from 'node:fs'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { pino } from 'pino'
import { openReadPool } from '../../src/api/database/readPool.ts'

type Bare = {
  url: string
  schema: string
  list: { name: string; text: string; values: unknown[] }
  constant: string
}

const { url, schema, list, constant } = JSON.parse(readFileSync(process.env.BARE ?? '', 'utf8')) as Bare
const pool = openReadPool({ url, schema, logger: pino({ level: 'warn' }) })
const app = new Hono()

const json = { 'Content-Type': 'application/json' }

app.get('/constant', (c) => c.body(constant, 200, json))
app.get('/list', async (c) => {
  const { rows } = await pool.query<{ runs?: string }>(list)
  const runs = rows[0]?.runs
  if (!runs) throw new Error('The statement returned no JSON')
  return c.body(runs, 200, json)
})

serve({ fetch: app.fetch, port: 0 }, ({ port }) => console.log(`Bare server listens on ${port}`))
