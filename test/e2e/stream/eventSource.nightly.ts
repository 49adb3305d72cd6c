import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, it } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { openBrowser } from '../../support/browser.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'

let market: TestMarket

beforeAll(async () => {
  market = await sharedMarket('unsigned')
}, 120_000)

/** Starts a replica. @param port A free one if absent. */
const start = (port = 0) => startApi({ ...market, port })

it('a stream is read by a browser’s EventSource, which reconnects to another process without loss', async ({
  skip,
}) => {
  const browser = await openBrowser()
  if (!browser) return skip('Chromium is not installed')
  const people = participantsOf(market)
  const agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  try {
    const replica = await start()
    const page = await browser.newPage()
    // Its origin alone matters: the rest of the page loads a script of megabytes.
    await page.goto(`${replica.url}/docs`, { waitUntil: 'commit' })
    await page.evaluate(() => {
      const seen: string[] = []
      Object.assign(globalThis, { seen })
      const source = new EventSource('/api/stream?state=OPEN')
      for (const type of ['ready', 'run', 'reset', 'close']) {
        source.addEventListener(type, (event: object) => {
          const { bountyId, left, reason } = JSON.parse('data' in event ? String(event.data) : '')
          seen.push([type, bountyId, left && 'left', reason].filter(Boolean).join(' '))
        })
      }
    })
    const seen = () => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)
    await expect.poll(seen).toEqual(['ready'])
    const run = await people.openRun()
    await expect.poll(seen).toEqual(['ready', `run ${run}`])
    await replica.stop()
    await people.mined(() => market.market.write.claimBounty([run, agent.id], { account: agent.wallet.address }))
    await sleep(500)
    const next = await start(replica.port)
    const expected = ['ready', `run ${run}`, 'close SHUTDOWN', `run ${run} left`]
    await expect.poll(seen, { timeout: 20_000 }).toEqual(expected)
    await next.stop()
  } finally {
    await browser.close()
  }
}, 120_000)
