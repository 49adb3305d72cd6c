// The baseline of the read benches: Hono, and the transaction of the API's list, without the API. `/constant` answers with
// the body of the API's list.
import { readFileSync } from 'node:fs'
import { serve } from '@hono/node-server'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Hono } from 'hono'
import { pino } from 'pino'
import '../../core/ponderTables.ts'

type Bare = { url: string; schema: string; chainId: number; constant: string }

// After the hooks of Ponder's tables.
const { openReadPool } = await import('../../src/api/index/pool.ts')
const { beginSnapshot } = await import('../../src/api/index/snapshot.ts')
const { pageOfRuns } = await import('../../src/api/queries/runs.ts')
const { formatRunSummary } = await import('../../src/api/resources/run.ts')

const { url, schema, chainId, constant } = JSON.parse(readFileSync(process.env.BARE ?? '', 'utf8')) as Bare
const pool = openReadPool({ url, schema, logger: pino({ level: 'warn' }) })
const app = new Hono()

app.get('/constant', (c) => c.body(constant, 200, { 'Content-Type': 'application/json' }))
app.get('/list', async (c) => {
  const client = await pool.connect()
  const block = await beginSnapshot(client, { chainId, clock: Date.now() })
  if (!block) throw new Error('No block is indexed')
  const tx = drizzle(client, { casing: 'snake_case' })
  const { runs, total } = await pageOfRuns(tx, block, { sort: 'createdAt', order: 'desc' }, { offset: 0 }, 20)
  void client.query('COMMIT').then(() => client.release())
  return c.json({ runs: runs.map((run) => formatRunSummary(run, block.now)), total })
})

serve({ fetch: app.fetch, port: 0 }, ({ port }) => console.log(`Bare server listens on ${port}`))
