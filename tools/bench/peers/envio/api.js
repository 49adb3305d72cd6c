// A bare route over Envio's tables, because its own GraphQL needs Hasura.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
const sorts = { createdAt: 'bountyId', reward: 'reward', deadline: 'deadline' }
const app = new Hono()

app.get('/runs', async (c) => {
  const { state, minReward, claimable, poster, claimedBy, sort = 'createdAt', order = 'desc', ...rest } = c.req.query()
  const [page, limit] = [Number(rest.page ?? 1), Number(rest.limit ?? 20)]
  const values = []
  const conditions = ['true']
  const add = (condition, value) => conditions.push(condition.replace('?', `$${values.push(value)}`))
  if (state) add('state = ?', state)
  if (minReward) add('reward >= ?::numeric * 1000000', minReward)
  const isClaimable = `(state = 'OPEN' AND deadline >= ?::numeric)`
  if (claimable) add(claimable === 'true' ? isClaimable : `NOT ${isClaimable}`, Math.floor(Date.now() / 1_000))
  if (poster) add('"posterAddress" = ?', poster)
  if (claimedBy) add('"claimedBy" = ?', claimedBy)
  const from = `FROM "Run" WHERE ${conditions.join(' AND ')}`
  const by = `ORDER BY "${sorts[sort]}" ${order === 'asc' ? 'ASC' : 'DESC'} LIMIT ${limit} OFFSET ${(page - 1) * limit}`
  const [runs, counted] = await Promise.all([
    pool.query(`SELECT * ${from} ${by}`, values),
    pool.query(`SELECT count(*)::int AS total ${from}`, values),
  ])
  return c.json({ runs: runs.rows, pagination: { page, limit, total: counted.rows[0].total } })
})

app.get('/runs/:id', async (c) => {
  const { rows } = await pool.query({ name: 'run', text: 'SELECT * FROM "Run" WHERE id = $1', values: [c.req.param('id')] })
  return rows[0] ? c.json(rows[0]) : c.notFound()
})

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => console.log(`Listening on ${port}`))
