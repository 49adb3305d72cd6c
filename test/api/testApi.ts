import { drizzle } from 'drizzle-orm/node-postgres'
import { pino } from 'pino'
import { expect } from 'vitest'
import { createApp } from '../../src/api/app.ts'
import { openReadPool } from '../../src/api/database/readPool.ts'
import type { Hints } from '../../src/api/queries/headFeed.ts'
import { IndexReader } from '../../src/api/queries/indexReader.ts'
import { chainId, viewsSchema } from './indexedDatabase.ts'
import { openapiCheck } from './openapiCheck.ts'

export type Answer = {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: the assertions of the tests judge it
  body: any
}

/**
 * The app on the read pool of the real process, without its server. Every answer must be as /openapi.json describes it.
 * @param clock This machine's time in milliseconds.
 * @param shownBefore The block that processes before may have shown.
 */
export async function testApi(url: string, clock?: () => number, hints?: Hints, shownBefore = 0n) {
  const logged: string[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => logged.push(line) })
  const readPool = openReadPool({ url, schema: viewsSchema, logger })
  const index = new IndexReader(drizzle(readPool, { casing: 'snake_case' }), chainId, { clock, hints, shownBefore })
  const market = { chainId, address: '0x5FbDB2315678afecb367f032d93F642f64180aa3' } as const
  const app = createApp({ index, logger, market })
  const departure = await openapiCheck(app)

  async function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await app.request(path, { headers })
    const text = await response.text()
    const answer = { status: response.status, headers: response.headers, body: text && JSON.parse(text) }
    if (answer.body?.code !== 'ROUTE_NOT_FOUND' && answer.status !== 304) {
      const contentType = response.headers.get('Content-Type') ?? ''
      const { pathname } = new URL(path, 'http://localhost')
      expect(departure('get', pathname, { ...answer, contentType }), `GET ${path}`).toBeUndefined()
    }
    return answer
  }

  return { app, get, index, readPool, logged, close: () => readPool.end() }
}

export type TestApi = Awaited<ReturnType<typeof testApi>>
