import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agent } from '../../ponder.schema.ts'
import type { Answer } from '../support/describedAnswers.ts'
import { seedTime, stakedAgent } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

type Row = Required<Omit<typeof agent.$inferSelect, 'step'>>

let index: IndexedDatabase
let api: TestApi

const random = xoroshiro128plus(7)
const below = (limit: number) => (random.next() >>> 0) % limit

const day = 86_400
const thirtyDays = 30n * 86_400n
const statuses = ['UNVERIFIED', 'PROVISIONAL', 'ESTABLISHED', 'FROZEN', 'BANNED'] as const

const accounts = [1, 2, 3].map((digit) => `0x${String(digit).repeat(40)}` as const)

/** Ids next to each other, ids far apart, and ids of a foreign registry far above. */
const ids = [
  ...Array.from({ length: 300 }, (_, place) => BigInt(place)),
  ...Array.from({ length: 200 }, () => BigInt(2_400 + below(200))),
  ...Array.from({ length: 100 }, () => BigInt(below(200_000))),
  2n ** 64n,
  2n ** 256n - 1n,
]

const rows = [...new Set(ids)]
  .sort((a, b) => (a < b ? -1 : 1))
  .map((id) => {
    const isStaked = below(4) > 0
    const isFrozen = below(20) === 0
    return stakedAgent(id, {
      stakedAmount: isStaked ? 20_000_000n : BigInt(below(2) * 19_999_999),
      stakedAt: isStaked && !isFrozen ? seedTime - thirtyDays + BigInt(below(4 * day) - 2 * day) : 0n,
      completions: below(10),
      frozen: isFrozen,
      banned: below(40) === 0,
      agentWallet: below(3) === 0 ? accounts[below(3)] : null,
      owner: below(15) === 0 ? null : accounts[below(3)],
    }) as Row
  })

/** AgentStaking.statusOf in TypeScript. */
function statusOf({ banned, frozen, stakedAmount, stakedAt, completions }: Row) {
  if (banned) return 'BANNED'
  if (frozen) return 'FROZEN'
  if (stakedAmount < 20_000_000n) return 'UNVERIFIED'
  return completions >= 5 && seedTime >= stakedAt + thirtyDays ? 'ESTABLISHED' : 'PROVISIONAL'
}

beforeAll(async () => {
  index = await emptyIndex()
  await index.db.insert(agent).values(rows)
  await index.moveTo({ number: 100n, timestamp: seedTime })
  api = await testApi(index.url, () => 0)
})

afterAll(async () => {
  await api.close()
  await index.close()
})

/** Reads without `api.get`, whose validation takes longer than the answer. */
async function page(query: Record<string, string | number>) {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) search.set(name, String(value))
  const response = await api.app.request(`/api/agents?${search}`)
  const body = (await response.json()) as Answer['body']
  expect(response.status, JSON.stringify(body)).toBe(200)
  return {
    agents: body.agents.map(({ id, status }: { id: number | string; status: string }) => `${id} ${status}`),
    ...body.pagination,
  }
}

const lists: [Record<string, string>, (row: Row) => boolean][] = [
  [{}, () => true],
  ...statuses.map((status) => [{ status }, (row: Row) => statusOf(row) === status] as (typeof lists)[number]),
  [{ staked: 'true' }, ({ stakedAmount }) => stakedAmount > 0n],
  [{ staked: 'false' }, ({ stakedAmount }) => stakedAmount === 0n],
  [{ staked: 'true', status: 'UNVERIFIED' }, (row) => row.stakedAmount > 0n && statusOf(row) === 'UNVERIFIED'],
]

describe.each(lists)('the list of agents %o', (filter, matches) => {
  const expected = rows.filter((row) => row.owner !== null && matches(row)).map((row) => `${row.id} ${statusOf(row)}`)
  const total = expected.length

  it('has the expected rows on every page and the expected total', async () => {
    expect(total).toBeGreaterThan(5)
    for (const limit of [1, 7, 20, 100]) {
      const last = Math.ceil(total / limit)
      const numbers = new Set([
        1,
        2,
        1 + below(last),
        1 + below(last),
        1 + below(last),
        last - 1,
        last,
        last + 1,
        10 ** 6,
      ])
      for (const number of numbers) {
        if (number < 1) continue
        const answer = await page({ ...filter, limit, page: number })
        expect(answer, `page ${number} of ${limit}`).toEqual({
          agents: expected.slice((number - 1) * limit, number * limit),
          page: number,
          limit,
          total,
          totalPages: last,
        })
      }
    }
  })
})

describe.each(accounts)('the agents of %s', (account) => {
  const listed = (matches: (row: Row) => boolean) =>
    rows.filter((row) => row.owner !== null && matches(row)).map((row) => `${row.id} ${statusOf(row)}`)

  it('are those that it owns, and those that it acts for', async () => {
    const owned = listed(({ owner }) => owner === account)
    const acted = listed(({ owner, agentWallet }) => (agentWallet ?? owner) === account)
    expect(owned).not.toEqual(acted)
    for (const [query, expected] of [
      [{ owner: account }, owned],
      [{ wallet: account }, acted],
      [{ owner: account, wallet: account }, owned.filter((row) => acted.includes(row))],
      [{ owner: account, staked: 'true' }, listed((row) => row.owner === account && row.stakedAmount > 0n)],
      [{ wallet: account, status: 'PROVISIONAL' }, acted.filter((row) => row.endsWith('PROVISIONAL'))],
    ] as const) {
      const { agents, total } = await page({ ...query, limit: 100 })
      expect([total, agents]).toEqual([expected.length, expected.slice(0, 100)])
    }
  })
})
