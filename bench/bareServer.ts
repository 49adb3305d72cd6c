// What a read costs without us: Hono, node-postgres, and the API's own statements. `/run/:id` and `/list` answer with the
// rows as they come, `/constant` with the bytes that the API's list has.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { pino } from 'pino'
import { openReadPool } from '../src/api/readPool.ts'

type Statement = { name: string; text: string; values: unknown[] }
type Bare = { url: string; schema: string; list: Statement; run: Statement; constant: string }

const { url, schema, list, run, constant } = JSON.parse(process.env.BARE ?? '') as Bare
const pool = openReadPool({ url, schema, logger: pino({ level: 'warn' }) })
const app = new Hono()

app.get('/constant', (c) => c.body(constant, 200, { 'Content-Type': 'application/json' }))
app.get('/list', async (c) => c.json((await pool.query({ ...list, rowMode: 'array' })).rows))
app.get('/run/:id', async (c) => {
  const values = run.values.map((value) => (value === 'id' ? c.req.param('id') : value))
  return c.json((await pool.query({ ...run, values, rowMode: 'array' })).rows)
})

serve({ fetch: app.fetch, port: 0 }, ({ port }) => console.log(`Bare server listens on ${port}`))
