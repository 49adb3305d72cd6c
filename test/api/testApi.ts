import { pino } from 'pino'
import { vi } from 'vitest'
import { createApp } from '../../src/api/app.ts'
import type { ContentStore } from '../../src/api/content/store.ts'
import type { BlockNotifications } from '../../src/api/index/head.ts'
import { openReadPool } from '../../src/api/index/pool.ts'
import { IndexReader } from '../../src/api/index/reader.ts'
import { createStreams } from '../../src/api/stream/streams.ts'
import { type Answer, expectDescribed } from '../support/describedAnswers.ts'
import { chainId, viewsSchema } from './indexedDatabase.ts'

const deployment = {
  chainId,
  startBlock: 7,
  startBlocks: { USDC: 3 },
  contracts: {
    USDC: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
    AgentRegistry: '0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512',
    AgentStaking: '0xa16E02E87b7454126E5E10d957A927A7F5B5d2be',
    BountyMarket: '0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0',
    SignedFunding: '0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9',
    AgentRegistrar: '0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9',
  },
  maxReward: '500000000',
} as const

/**
 * The app on the read pool of the real process, without its server. Every answer must match /openapi.json.
 * @param clock This machine's time in milliseconds.
 */
export async function testApi(
  url: string,
  clock?: () => number,
  notifications?: BlockNotifications,
  limits: Partial<Parameters<typeof createStreams>[0]> = {},
  content?: ContentStore,
) {
  const logged: string[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => logged.push(line) })
  const readPool = openReadPool({ url, schema: viewsSchema, logger })
  const index = new IndexReader(readPool, chainId, { clock, notifications })
  const streams = createStreams({ index, chainId, logger, ...limits })
  const app = createApp({ index, logger, deployment, streams, ...(content && { content }) })

  async function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await app.request(path, { headers })
    const text = await response.text()
    const answer = { status: response.status, headers: response.headers, body: text && JSON.parse(text) }
    expectDescribed('GET', path, answer)
    return answer
  }

  /** Counts the transactions of answers, and the reads of the head alone, from now on. */
  function countReads() {
    const connect = vi.spyOn(readPool, 'connect')
    const query = vi.spyOn(readPool, 'query')
    return {
      // The pool itself connects for a query, and passes a function.
      transactions: () => (connect.mock.calls as unknown[][]).filter(([callback]) => callback === undefined).length,
      heads: () => query.mock.calls.length,
      headsRead: () => Promise.allSettled(query.mock.results.map(({ value }) => value)),
      stop() {
        connect.mockRestore()
        query.mockRestore()
      },
    }
  }

  return { app, deployment, get, index, countReads, readPool, streams, logged, close: () => readPool.end() }
}

export type TestApi = Awaited<ReturnType<typeof testApi>>
