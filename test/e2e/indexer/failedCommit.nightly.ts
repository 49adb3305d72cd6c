import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { startIndexOf } from './indexOf.ts'
import { poster, postRun } from './postRun.ts'

let chain: MarketOnAnvil

beforeAll(async () => {
  chain = await startMarketOnAnvil()
  await chain.fund(poster)
})

afterAll(() => chain?.stop())

/** What breaks at the commit of a block: the connection before the server gets it, or before the client gets its answer. */
type Breakage = 'lost request' | 'lost answer'

/** A proxy to a PostgreSQL server that breaks one connection at the next commit of a block. */
async function startCommitProxy(databaseUrl: string) {
  const target = new URL(databaseUrl)
  let next: { breakage: Breakage; broken: () => void } | undefined
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    let endsBlock = false
    let isAnswerLost = false
    upstream.on('data', (bytes) => (isAnswerLost ? client.destroy() : client.write(bytes)))
    client.on('data', (bytes) => {
      // The checkpoint is the last row that Ponder writes of a block.
      endsBlock ||= bytes.includes('set "latest_checkpoint"')
      if (endsBlock && bytes.includes('commit\0')) {
        endsBlock = false
        const fault = next
        next = undefined
        fault?.broken()
        if (fault?.breakage === 'lost request') return client.destroy()
        isAnswerLost = fault?.breakage === 'lost answer'
      }
      upstream.write(bytes)
    })
    for (const [end, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      end.on('error', () => other.destroy())
      end.on('close', () => other.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    /** Resolves once a commit met the breakage. */
    breakNext: (breakage: Breakage) =>
      new Promise<void>((resolve) => {
        next = { breakage, broken: resolve }
      }),
    async stop() {
      server.close()
      await once(server, 'close')
    },
  }
}

test.each<Breakage>(['lost request', 'lost answer'])(
  'an indexer whose commit meets a %s exits with 75, and counts nothing twice after the restart',
  { timeout: 150_000 },
  async (breakage) => {
    const databaseUrl = await freshDatabase()
    const proxy = await startCommitProxy(databaseUrl)
    const indexer = await startIndexer({ ...chain, databaseUrl: proxy.url })
    try {
      await postRun(chain)
      await waitForIndex(databaseUrl, await chain.client.getBlockNumber())
      const broken = proxy.breakNext(breakage)
      await postRun(chain)
      await broken
      expect(await indexer.part.ended).toBe('exited with code 75')
      expect(indexer.part.output()).toContain('A commit failed')
    } finally {
      await indexer.stop()
      await proxy.stop()
    }
    const resumed = await startIndexOf(chain, databaseUrl)
    const fresh = await startIndexOf(chain, await freshDatabase())
    try {
      expect(await resumed.tables()).toEqual(await fresh.tables())
    } finally {
      await resumed.stop()
      await fresh.stop()
    }
  },
)
