import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { defaultTerms } from '../../../devnet/defaultTerms.ts'
import { listenForBlocks } from '../../../src/api/database/notifications.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { readEvents } from '../../support/readEvents.ts'

let market: TestMarket
let hosts: string[]

beforeAll(async () => {
  market = await startTestMarket()
  hosts = [market.api.url, market.indexer.url]
  const { timestamp } = await market.client.getBlock()
  await market.registry.write.register(['ipfs://agent'])
  const hash = await market.market.write.createBounty(['ipfs://run', 100_000_000n, timestamp + 86_400n, defaultTerms])
  // The node may return the hash before it mines the block.
  await market.client.waitForTransactionReceipt({ hash })
  await market.indexed()
})

afterAll(() => market?.stop())

async function answer(host: string, path: string, init: RequestInit = {}) {
  const response = await fetch(`${host}${path}`, init)
  const { status, headers } = response
  return { status, contentType: headers.get('Content-Type'), body: await response.json() }
}

describe('our host and Ponder’s', () => {
  it.each([
    ['/api/runs', 200],
    ['/api/runs?claimable=true', 200],
    ['/api/runs?state=DRAFT&sort=reward', 200],
    ['/api/runs?minReward=1&sort=deadline', 200],
    ['/api/runs?page=3000&sort=deadline', 200],
    ['/api/runs/1', 200],
    ['/api/runs/1/events', 200],
    ['/api/runs/1/claim-eligibility?agentId=1', 200],
    ['/api/agents', 200],
    ['/api/agents/1', 200],
    ['/api/agents/1/stake', 200],
    ['/api/stats', 200],
    ['/api/runs/2', 404],
    ['/api/runs?page=0', 400],
    ['/api/nowhere', 404],
    ['/api/market', 200],
    ['/abis/BountyMarket.json', 200],
  ])('answer %s alike, with %i', async (path, status) => {
    const [ours, ponders] = await Promise.all(hosts.map((host) => answer(host, path)))
    expect(ours?.status).toBe(status)
    expect(ponders).toEqual(ours)
  })

  it('describe the same routes, except that Ponder has its own health routes', async () => {
    const [ours, ponders] = await Promise.all(hosts.map(async (host) => (await answer(host, '/openapi.json')).body))
    const { '/healthz': live, '/readyz': ready, ...paths } = (ours as { paths: Record<string, unknown> }).paths
    expect(live && ready).toBeDefined()
    expect((ponders as { paths: unknown }).paths).toEqual(paths)
  })

  it('both name the block and the ETag', async () => {
    for (const host of hosts) {
      const { headers } = await fetch(`${host}/api/runs`)
      expect(Number(headers.get('X-Indexed-Block'))).toBeGreaterThan(0)
      const again = await fetch(`${host}/api/runs`, { headers: { 'If-None-Match': headers.get('ETag') ?? '' } })
      expect(again.status).toBe(304)
    }
  })

  it('both stream changes', async () => {
    for (const host of hosts) {
      const response = await fetch(`${host}/api/stream`)
      if (!response.ok || !response.body) throw new Error(`The stream has no body: ${await response.text()}`)
      const reader = readEvents(response.body)
      expect(await reader.next()).toMatchObject([{ event: 'ready' }])
      await market.registry.write.register(['ipfs://agent'])
      expect(await reader.next()).toMatchObject([{ event: 'agent', data: { agentURI: 'ipfs://agent' } }])
      await reader.stop()
    }
  })

  it('differ in that Ponder’s relays no claims', async () => {
    const [, ponders] = hosts
    const { address } = market.client.account
    const claim = await answer(ponders ?? '', '/api/runs/1/claim', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ agentId: 1, walletAddress: address }),
    })
    expect(claim).toMatchObject({
      status: 503,
      contentType: 'application/problem+json',
      body: { code: 'RELAY_UNAVAILABLE' },
    })
  })
})

it('our host is notified of each block by Ponder', async () => {
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
