import { networkInterfaces } from 'node:os'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { listenForBlocks } from '../../../core/database/notifications.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'

let market: TestMarket

beforeAll(async () => {
  market = await startTestMarket()
})

afterAll(() => market?.stop())

/** This machine's addresses but the one on which servers listen by default. Linux routes all of 127.0.0.0/8 to itself. */
function otherAddresses(): string[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses)
  const named = own
    .filter(({ scopeid }) => !scopeid)
    .map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address))
  return [...new Set(['127.0.0.2', ...named])].filter((address) => address !== '127.0.0.1')
}

describe('the port of the indexer', () => {
  it.each(['/health', '/ready', '/status', '/metrics'])('has Ponder’s %s', async (path) => {
    await vi.waitFor(async () => expect((await fetch(`${market.indexer.url}${path}`)).status).toBe(200), 30_000)
  })

  it.each(['/', '/api/runs', '/api/stats', '/api/stream', '/openapi.json', '/docs'])(
    'does not have %s',
    async (path) => {
      const [ours, indexers] = await Promise.all(
        [market.api.url, market.indexer.url].map((url) => fetch(`${url}${path}`)),
      )
      await ours?.body?.cancel()
      expect([ours?.status, indexers?.status]).toEqual([200, 404])
    },
  )

  it.each(['/mcp', '/api/runs/1/claim'])('does not take a POST of %s', async (path) => {
    expect((await fetch(`${market.indexer.url}${path}`, { method: 'POST', body: '{}' })).status).toBe(404)
  })

  it('is open to this machine only, unlike that of the API', async () => {
    const isOpen = (url: string) =>
      fetch(url).then(
        () => true,
        () => false,
      )
    for (const address of otherAddresses()) {
      expect([address, await isOpen(`http://${address}:${market.indexer.port}/health`)]).toEqual([address, false])
    }
    expect(await isOpen(`http://127.0.0.2:${new URL(market.api.url).port}/healthz`)).toBe(true)
  })
})

it('the API is notified of each block by Ponder', async () => {
  const notifications = listenForBlocks({
    url: market.databaseUrl,
    schema: 'runline',
    logger: pino({ level: 'silent' }),
  })
  await vi.waitUntil(notifications.isLive, { timeout: 10_000 })
  let notified = 0
  notifications.subscribe(() => notified++)
  for (let blocks = 1; blocks <= 3; blocks++) {
    await market.market.write.createBounty([
      'ipfs://run',
      100_000_000n,
      (await market.client.getBlock()).timestamp + 86_400n,
      defaultTerms,
    ])
    await vi.waitUntil(() => notified >= blocks, 10_000)
  }
  await notifications.close()
})
