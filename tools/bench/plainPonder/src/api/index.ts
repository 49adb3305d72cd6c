import { db } from 'ponder:api'
import { Hono } from 'hono'
import { count, desc } from 'ponder'
import { run } from '../../ponder.schema.ts'

// A bigint is a decimal string in JSON.
const json = (value: unknown) =>
  JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member))

const app = new Hono()

/** The newest runs and their total, as the documentation of Ponder writes such a route. */
app.get('/runs', async (c) => {
  const [runs, [counted]] = await Promise.all([
    db.select().from(run).orderBy(desc(run.bountyId)).limit(20),
    db.select({ total: count() }).from(run),
  ])
  return c.body(json({ runs, pagination: { total: counted?.total } }), 200, { 'Content-Type': 'application/json' })
})

export default app
