import { db } from 'ponder:api'
import { Hono } from 'hono'
import { and, asc, count, desc, eq, graphql, gte } from 'ponder'
import { parseUnits } from 'viem'
import * as schema from '../../ponder.schema.ts'

const { run } = schema
const sorts = { createdAt: run.bountyId, reward: run.reward, deadline: run.deadline }

// A bigint is a decimal string in JSON.
const json = (value: unknown) =>
  JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member))
const headers = { 'Content-Type': 'application/json' }

const app = new Hono()

app.use('/graphql', graphql({ db, schema }))

app.get('/runs', async (c) => {
  const { state, minReward, claimable, poster, claimedBy, ...rest } = c.req.query()
  const { sort = 'createdAt', order = 'desc' } = rest
  const page = Number(rest.page ?? 1)
  const limit = Number(rest.limit ?? 20)
  const isClaimable = and(eq(run.state, 'OPEN'), gte(run.deadline, BigInt(Math.floor(Date.now() / 1_000))))
  const where = and(
    state ? eq(run.state, state) : undefined,
    minReward ? gte(run.reward, parseUnits(minReward, 6)) : undefined,
    claimable === 'true' ? isClaimable : undefined,
    poster ? eq(run.posterAddress, poster.toLowerCase() as `0x${string}`) : undefined,
    claimedBy ? eq(run.claimedBy, BigInt(claimedBy)) : undefined,
  )
  const direction = order === 'asc' ? asc : desc
  const column = sorts[sort as keyof typeof sorts]
  const [runs, [counted]] = await Promise.all([
    db
      .select()
      .from(run)
      .where(where)
      .orderBy(direction(column))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(run).where(where),
  ])
  return c.body(json({ runs, pagination: { page, limit, total: counted?.total ?? 0 } }), 200, headers)
})

app.get('/runs/:id', async (c) => {
  const [found] = await db
    .select()
    .from(run)
    .where(eq(run.bountyId, BigInt(c.req.param('id'))))
  return found ? c.body(json(found), 200, headers) : c.notFound()
})

export default app
