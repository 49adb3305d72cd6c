import express from 'express'
import { parseUnits } from 'viem'
import { prisma } from './prisma.js'

const app = express()
// A bigint is a decimal string in JSON.
app.set('json replacer', (_key, value) => (typeof value === 'bigint' ? String(value) : value))

app.get('/runs', async (request, response) => {
  const { state, minReward, claimable, poster, claimedBy, sort = 'createdAt', order = 'desc' } = request.query
  const page = Number(request.query.page ?? 1)
  const limit = Number(request.query.limit ?? 20)
  const isClaimable = { state: 'OPEN', deadline: { gte: BigInt(Math.floor(Date.now() / 1_000)) } }
  const where = {
    ...(state && { state }),
    ...(minReward && { reward: { gte: parseUnits(minReward, 6) } }),
    ...(claimable === 'true' && isClaimable),
    ...(claimable === 'false' && { NOT: isClaimable }),
    ...(poster && { posterAddress: poster }),
    ...(claimedBy && { claimedBy: BigInt(claimedBy) }),
  }
  const orderBy = { [sort === 'createdAt' ? 'bountyId' : sort]: order }
  const [runs, total] = await Promise.all([
    prisma.run.findMany({ where, orderBy, take: limit, skip: (page - 1) * limit }),
    prisma.run.count({ where }),
  ])
  response.json({ runs, pagination: { page, limit, total } })
})

app.get('/runs/:id', async (request, response) => {
  const run = await prisma.run.findUnique({ where: { bountyId: BigInt(request.params.id) } })
  if (run) response.json(run)
  else response.status(404).json({ error: 'Run not found' })
})

const server = app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log(`Listening on ${server.address().port}`))
