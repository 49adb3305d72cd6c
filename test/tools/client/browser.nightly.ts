import { createServer } from 'node:http'
import { expect, it } from 'vitest'
import { listen } from '../../../src/api/http/httpServer.ts'
import { accountOf, keyOf } from '../../../tools/devnet/accounts.ts'
import { openBrowser } from '../../support/browser.ts'
import { bundle } from '../../support/bundle.ts'
import { startTestMarket } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import type { Library } from './pageScript.ts'

const browser = await openBrowser()

/** A page of another origin than the API, with the client in one bundle. */
async function servePage() {
  const script = await bundle('test/tools/client/pageScript.ts', 'page')
  const html = '<!doctype html><title>Test</title><script src="/script.js"></script>'
  const server = createServer(({ url }, response) => {
    const [type, body] = url === '/script.js' ? ['text/javascript', script] : ['text/html', html]
    response.setHeader('Content-Type', `${type}; charset=utf-8`).end(body)
  })
  const port = await listen(server, { setting: 'page', port: 0, host: 'localhost' })
  return { url: `http://localhost:${port}`, stop: () => void server.close() }
}

it.skipIf(!browser)(
  'in a browser, on a page of another origin, the client reads runs and claims one',
  async () => {
    if (!browser) return
    await using parts = new AsyncDisposableStack()
    parts.defer(() => browser.close())
    const market = await startTestMarket({ api: { allowUnsignedClaims: false } })
    parts.defer(market.stop)
    const server = await servePage()
    parts.defer(server.stop)
    const people = participantsOf(market)
    const agent = await people.newAgent(accountOf(2))
    const runId = Number(await people.openRun())
    await market.indexed()

    const page = await browser.newPage()
    await page.goto(server.url)
    const settings = {
      url: market.api.url,
      market: { chainId: market.chainId, address: market.market.address },
      agentId: Number(agent.id),
      key: keyOf(2),
      runId,
    }
    const answers = await page.evaluate(async ({ url, market, agentId, key, runId }) => {
      const { createRunlineClient, privateKeyToAccount } = globalThis as unknown as Library
      const { runs } = createRunlineClient({ url, market })
      const { pagination } = await runs.list({ state: 'OPEN' })
      const claim = await runs.claim(runId, { agentId, signer: privateKeyToAccount(key) })
      const run = await runs.get(runId, { minBlock: claim.blockNumber })
      const refusal = await runs.get(999_999).catch(({ problem }) => problem.code)
      return { open: pagination.total, success: claim.success, holder: run.claimedBy, refusal }
    }, settings)
    expect(answers).toEqual({ open: 1, success: true, holder: Number(agent.id), refusal: 'RUN_NOT_FOUND' })
  },
  180_000,
)
