import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { classifyReadError } from '../../core/database/failures.ts'
import { openReadPool } from '../../src/api/database/readPool.ts'
import { MAX_STATEMENTS, type ReadQuery, shareConnections } from '../../src/api/database/sharedConnections.ts'
import { freshDatabase } from '../support/database.ts'

const databaseUrl = await freshDatabase()

function openPool({ connections = 1, timeoutMs = 5_000 } = {}) {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4, pipeline: true })
  onTestFinished(() => pool.end())
  shareConnections(pool, { connections, timeoutMs })
  const pid = async (query: Partial<ReadQuery> = {}, seconds = 0) => {
    const text = `SELECT pg_backend_pid() AS pid, pg_sleep(${seconds})`
    return (await pool.query({ text, ...query } as ReadQuery)).rows[0].pid as number
  }
  return { pool, pid }
}

const times = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index))

describe('queries', () => {
  it('share as many connections as they may, and each gets its own answer', async () => {
    const { pool } = openPool({ connections: 2 })
    const answers = await Promise.all(
      times(50, (value) => pool.query('SELECT $1::int AS value, pg_backend_pid() AS pid', [value])),
    )
    expect(answers.map(({ rows }) => rows[0].value)).toEqual(times(50, (value) => value))
    expect(new Set(answers.map(({ rows }) => rows[0].pid)).size).toBe(2)
    expect([pool.totalCount, pool.idleCount]).toEqual([2, 2])
  })

  it('wait in their order for a connection, which the pool counts', async () => {
    const { pool, pid } = openPool()
    const ended: number[] = []
    const queries = times(10, async (index) => {
      await pid({}, 0.02)
      ended.push(index)
    })
    expect(pool.waitingCount).toBe(6)
    await Promise.all(queries)
    expect(ended).toEqual(times(10, (index) => index))
    expect(pool.waitingCount).toBe(0)
  })

  it('fail if no connection is free in time, as reads that a retry would make worse', async () => {
    const { pool, pid } = openPool({ timeoutMs: 200 })
    const queries = times(4, (index) => pid({}, index === 0 ? 0.5 : 0))
    const error = await pid().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ message: 'No connection to PostgreSQL was free within 200 ms' })
    expect(classifyReadError(error)).toBe('exhausted')
    expect(pool.waitingCount).toBe(0)
    await Promise.all(queries)
    expect(await pid()).toBeGreaterThan(0)
  })

  it('do not wait for a query that runs alone', async () => {
    const { pid } = openPool()
    let aloneHasEnded = false
    const alone = pid({ alone: true }, 3).finally(() => {
      aloneHasEnded = true
    })
    const shared = await Promise.all(times(20, () => pid()))
    expect(aloneHasEnded).toBe(false)
    expect(shared).not.toContain(await alone)
  })
})

describe('a query that fails', () => {
  it('fails alone, and its connection is not used again', async () => {
    const { pool, pid } = openPool()
    const [before, failure, after] = await Promise.allSettled([pid(), pool.query('SELECT 1 / 0 AS value'), pid()])
    expect(failure).toMatchObject({ status: 'rejected', reason: { code: '22012' } })
    expect(before).toEqual(after)
    expect(before).toMatchObject({ status: 'fulfilled' })
    expect(await pid()).not.toBe('value' in before && before.value)
  })

  it('is the reason of the queries behind it that use its statement', async () => {
    const { pool } = openPool()
    const read = (table: string) =>
      pool.query({ name: table, text: `SELECT absent FROM ${table}` }).catch((error: unknown) => error)
    const errors = await Promise.all([read('absent'), read('pg_class'), read('pg_class'), read('absent')])
    expect(errors).toMatchObject([{ code: '42P01' }, { code: '42703' }, { code: '42703' }, { code: '42P01' }])
  })

  it('ends the use of its connection, which other queries still run on', async () => {
    const { pool, pid } = openPool({ connections: 2 })
    const failures = times(2, () => pool.query('SELECT 1 / 0').catch((error: unknown) => error))
    const long = times(2, () => pid({}, 0.6))
    await Promise.all(failures)
    const next = await pid()
    expect(await Promise.all(long)).not.toContain(next)
  })

  it('fails with all queries of its connection if the connection breaks, and the next query opens another', async () => {
    const { pool, pid } = openPool()
    const first = await pid()
    const queries = times(3, () => pid({}, 5).catch((error: unknown) => classifyReadError(error)))
    await sleep(50)
    await pool.query({ text: 'SELECT pg_terminate_backend($1)', alone: true } as ReadQuery, [first])
    expect(await Promise.all(queries)).toEqual(['transient', 'transient', 'transient'])
    expect(await pid()).not.toBe(first)
  })

  it('fails with the reason if PostgreSQL cannot be reached', async () => {
    const pool = new pg.Pool({ connectionString: 'postgres://127.0.0.1:1/absent', pipeline: true })
    onTestFinished(() => pool.end())
    shareConnections(pool, { connections: 1, timeoutMs: 5_000 })
    const errors = await Promise.all(times(6, () => pool.query('SELECT').catch((error: unknown) => error)))
    expect(errors.map(classifyReadError)).toEqual(times(6, () => 'transient'))
  })
})

it('a connection keeps the statements that it used last, and prepares the others again', async () => {
  const { pool } = openPool()
  const read = async (value: number) => {
    const query = { name: `number ${value}`, text: `SELECT ${value} AS value, pg_backend_pid() AS pid` }
    return (await pool.query<{ value: number; pid: number }>(query)).rows[0]
  }
  const numbers = times(MAX_STATEMENTS, (index) => index)
  const asked = [...numbers, 0, MAX_STATEMENTS, 1]
  const answers = await Promise.all(asked.map(read))
  expect(answers.map((answer) => answer?.value)).toEqual(asked)
  expect(new Set(answers.map((answer) => answer?.pid)).size).toBe(1)
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM pg_prepared_statements')
  const names = [...numbers.filter((value) => value !== 2), MAX_STATEMENTS].map((value) => `number ${value}`)
  expect(rows.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
})

it('under constant load, a connection is released about once a second', async () => {
  const { pool, pid } = openPool()
  let releases = 0
  pool.on('release', () => releases++)
  const start = performance.now()
  const end = start + 2_500
  const keepBusy = async () => {
    while (performance.now() < end) await pid({}, 0.01)
  }
  await Promise.all(times(6, keepBusy))
  // The last release is the end of the load.
  expect(releases).toBeGreaterThanOrEqual(3)
  const seconds = (performance.now() - start) / 1_000
  expect(releases).toBeLessThanOrEqual(2 + Math.ceil(seconds))
  expect(pool.totalCount).toBe(1)
})

it.each([1, 2, 3])(
  'a read pool of %s connections runs shared queries, and those that run alone',
  async (connections) => {
    const pool = openReadPool({ url: databaseUrl, schema: 'public', connections, logger: pino({ level: 'silent' }) })
    onTestFinished(() => pool.end())
    const queries = times(20, (index) => ({ text: `SELECT ${index} AS value`, alone: index % 2 === 0 }))
    const answers = await Promise.all(queries.map((query) => pool.query(query as ReadQuery)))
    expect(answers.map(({ rows }) => rows[0].value)).toEqual(times(20, (index) => index))
    expect(pool.totalCount).toBeLessThanOrEqual(connections)
  },
)
