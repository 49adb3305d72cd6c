import { serve } from '@hono/node-server'
import { eq } from 'drizzle-orm'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accountMessage, accountTypedData, membersAsText } from '../../core/market/accountActions.ts'
import { applicationTypedData } from '../../core/market/applicationMessage.ts'
import { directAccountCalls, directClaimCalls, directRunCalls } from '../../core/market/directCall.ts'
import { runActionNames, runTypedData } from '../../core/market/runActions.ts'
import { run } from '../../ponder.schema.ts'
import { cidOf, uriOf } from '../../src/api/content/cid.ts'
import { violationsOn } from '../support/axe.ts'
import { openBrowser } from '../support/browser.ts'
import { openRun, seedTime } from '../support/rows.ts'
import { allPaths, type BoardMarket, boardMarket, ownPaths } from './boardMarket.ts'

let index: BoardMarket['index']
let api: BoardMarket['api']
let close: BoardMarket['close']

beforeAll(async () => {
  ;({ index, api, close } = await boardMarket())
})

afterAll(() => close())

const browser: Browser | undefined = await openBrowser()

describe.skipIf(browser === undefined)('the board in a browser', () => {
  let server: ReturnType<typeof serve>
  let origin: string
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    server = serve({ fetch: api.app.fetch, port: 0 }, ({ port }) => resolve(port))
    origin = `http://localhost:${await promise}`
  })

  afterAll(async () => {
    await browser?.close()
    server.close()
  })

  beforeEach(async () => {
    if (!browser) throw new Error('There is no browser')
    complaints = []
    await page?.context().close()
    page = await browser.newPage()
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (/Content Security Policy|violates/.test(message.text())) complaints.push(message.text())
    })
    page.on('dialog', () => complaints.push('a dialog'))
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin)
        complaints.push(request.url())
    })
  })

  // Texts that accounts wrote are looked at in each scheme and in each width, but not in all four.
  it.each([
    { colorScheme: 'light', width: 390, shown: allPaths },
    { colorScheme: 'dark', width: 1280, shown: allPaths },
    { colorScheme: 'light', width: 1280, shown: ownPaths },
    { colorScheme: 'dark', width: 390, shown: ownPaths },
  ] as const)(
    'is accessible and harmless, $colorScheme at $width pixels',
    async ({ colorScheme, width, shown }) => {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme })
      for (const path of shown) {
        await page.goto(origin + path)
        expect([path, await violationsOn(page)]).toEqual([path, []])
        expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width])
        expect(await page.title()).toContain('Runline')
      }
      expect(complaints).toEqual([])
    },
    120_000,
  )

  it('shows invisible characters of chain data, and isolates its direction', async () => {
    await page.goto(`${origin}/runs/103`)
    const terms = page.locator('dd bdi').first()
    expect(await terms.textContent()).toBe('U+202EslaeverU+202C U+2066isolateU+2069 U+200B U+0007 U+001B[31m')
  })

  it('begins with a link to the content, for the keyboard', async () => {
    await page.goto(`${origin}/`)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('content')
  })

  it('follows the index, without losing the focus', async () => {
    await page.goto(`${origin}/runs/1`)
    await page.locator('header a').first().focus()
    await index.moveTo({ number: 11n, timestamp: seedTime + 1n }, (tx) => tx.update(run).set({ state: 'REJECTED' }))
    await page.locator('#run .badge.rejected').waitFor({ timeout: 15_000 })
    await page.locator('#block', { hasText: 'Indexed block 11' }).waitFor()
    expect(await page.evaluate('document.activeElement.className')).toBe('brand')
  })

  it('marks what changes in a list, and moves nothing until the reader asks for what is new', async () => {
    await page.goto(`${origin}/?state=REJECTED`)
    const rows = page.locator('[data-row]')
    const names = () => rows.evaluateAll((shown) => shown.map((row) => row.getAttribute('data-row') ?? ''))
    const [first = '', second = '', ...others] = await names()
    await index.moveTo({ number: 12n, timestamp: seedTime + 2n }, async (tx) => {
      await tx.insert(run).values(openRun(900n, { state: 'REJECTED', createdAt: seedTime + 2n }))
      await tx
        .update(run)
        .set({ claimedBy: 77n })
        .where(eq(run.bountyId, BigInt(first)))
      await tx
        .update(run)
        .set({ state: 'APPROVED' })
        .where(eq(run.bountyId, BigInt(second)))
    })
    const button = page.getByRole('button', { name: '1 new run' })
    await button.waitFor({ timeout: 15_000 })
    expect(await names()).toEqual([first, second, ...others])
    expect(await rows.nth(0).textContent()).toContain('Agent 77')
    expect(await rows.nth(0).getAttribute('class')).toContain('changed')
    expect(await rows.nth(1).getAttribute('class')).toBe('gone')
    expect(await violationsOn(page)).toEqual([])
    await button.click()
    expect((await names()).slice(0, 2)).toEqual(['900', first])
    expect(await rows.nth(0).getAttribute('class')).toContain('changed')
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Runs')
    expect(await violationsOn(page)).toEqual([])
  })

  it('has keys for what is frequent, which can be turned off', async () => {
    await page.goto(`${origin}/agents`)
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
    expect(await violationsOn(page)).toEqual([])
    // Both keys arrive before a busy page is drawn again.
    await page.evaluate('setTimeout(() => { const end = Date.now() + 500; while (Date.now() < end); }, 50)')
    await Promise.all([page.keyboard.press('Escape'), page.keyboard.press('/')])
    await page.waitForURL(`${origin}/#search`)
    await page.waitForFunction('document.activeElement.id === "search"')
    await page.keyboard.type('n?')
    expect(await page.locator('#search').inputValue()).toBe('n?')
    await page.goto(`${origin}/agents`)
    const focused = () => page.evaluate('document.activeElement.closest("[data-row]")?.dataset.row')
    const rows = await page.evaluate('[...document.querySelectorAll("[data-row]")].map((row) => row.dataset.row)')
    const focusedRows: unknown[] = []
    for (const key of ['j', 'j', 'k', 'k']) {
      await page.keyboard.press(key)
      focusedRows.push(await focused())
    }
    const [first, second] = rows as string[]
    expect(focusedRows).toEqual([first, second, first, first])
    await page.keyboard.press('Enter')
    await page.waitForURL(`${origin}/agents/${first}`)
    await page.goto(`${origin}/runs/44`)
    await page.keyboard.press('n')
    await page.waitForURL(`${origin}/runs/44?page=2`)
    await page.getByRole('button', { name: 'Keyboard' }).click()
    await page.getByLabel('Use these keys').uncheck()
    await page.getByRole('button', { name: 'Close' }).click()
    await page.reload()
    await page.keyboard.press('p')
    await page.keyboard.press('?')
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(page.url()).toBe(`${origin}/runs/44?page=2`)
  })

  it('says the value of the bar that a pointer or a finger is at', async () => {
    await page.goto(`${origin}/market`)
    const plot = page.locator('.plot').first()
    await plot.scrollIntoViewIfNeeded()
    const box = await plot.locator('svg').boundingBox()
    if (!box) throw new Error('There is no plot')
    await page.mouse.move(box.x + box.width - 2, box.y + 5)
    expect(await plot.locator('figcaption span').textContent()).toMatch(/^2024-\d\d-\d\d: \d+$/)
    await page.mouse.move(0, 0)
    expect(await plot.locator('figcaption span').textContent()).toMatch(/at the end$/)
  })

  it('shows which checks the delivery passes, in a worker under the policy, which has a second', async () => {
    await page.goto(`${origin}/runs/304`)
    const results = page.locator('#checks li')
    await results.first().waitFor()
    expect(await results.allTextContents()).toEqual([
      expect.stringMatching(/^Fails JSON Schema: #.*$/),
      expect.stringMatching(/^Passes sha256 [0-9a-f]{64}$/),
      'Not run here https://tracker.example/x.png?<b> is image/png',
    ])
    await page.getByText('Checked by software').waitFor()
    // The page follows the index, and does not check again what it has checked.
    await index.moveTo({ number: 14n, timestamp: seedTime + 4n })
    await page.locator('#block', { hasText: 'Indexed block 14' }).waitFor()
    expect(await results.count()).toBe(3)
    await page.goto(`${origin}/runs/305`)
    await page.getByText('The checks take more than 1 s').waitFor()
    expect(await violationsOn(page)).toEqual([])
    await page.goto(`${origin}/runs/300`)
    expect(await page.locator('#checks').isVisible()).toBe(false)
    expect(complaints).toEqual([])
  })

  it('never shows the older of two answers last', async () => {
    await page.goto(`${origin}/runs/1`)
    const asked = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    await page.route(
      '**/runs/1',
      async (route) => {
        const response = await route.fetch()
        asked.resolve()
        await released.promise
        await route.fulfill({ response })
      },
      { times: 1 },
    )
    await page.evaluate(`{
      const blocks = window.blocks = []
      document.addEventListener('replaced', () => blocks.push(document.querySelector('#block code').textContent))
    }`)
    await index.moveTo({ number: 20n, timestamp: seedTime + 20n })
    await asked.promise
    await index.moveTo({ number: 21n, timestamp: seedTime + 21n })
    await page.evaluate(`document.dispatchEvent(new Event('made'))`)
    // Time for the later answer, unless it is asked for after the first has come.
    await page.waitForTimeout(1_000)
    released.resolve()
    await page.waitForTimeout(1_000)
    expect(await page.evaluate('window.blocks')).toEqual(['20', '21'])
  })

  it('says whether it follows the index', async () => {
    await page.goto(`${origin}/`)
    const says = (text: string) => page.locator('#live', { hasText: text }).waitFor({ timeout: 15_000 })
    await says('Live')
    await page.route('**/api/stats', (route) => route.abort())
    await says('Reconnecting')
    await page.context().setOffline(true)
    await says('Offline')
    await page.unroute('**/api/stats')
    await page.context().setOffline(false)
    await says('Live')
  })

  it('builds the same messages as the API, and refuses others', async () => {
    await page.goto(`${origin}/post`)
    const folder = await page.locator('script[src$="/act.js"]').getAttribute('src')
    const { chainId, contracts } = api.deployment
    const hex = (byte: string) => `0x${byte.repeat(32)}` as const
    const account = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'
    const terms = {
      ipfsHash: 'ipfs://ü'.padEnd(70, 'x'),
      reward: 2n ** 70n,
      deadline: 1_705_320_900n,
      workPeriod: 3_600n,
    }
    const usdcDomain = { name: 'USD Coin', version: '2' }
    const times = { salt: hex('5a'), validBefore: 1_705_320_901n }
    const ofAccounts = [
      accountMessage('post', {
        poster: account,
        ...terms,
        stakePercent: 7n,
        evaluator: contracts.USDC,
        claimant: contracts.AgentStaking,
        ...times,
      }),
      accountMessage('stake', { agentId: 2n ** 250n, from: account, owner: contracts.USDC, amount: 5n, ...times }),
      accountMessage('unstake', { agentId: 1n, signer: account, amount: 5n, nonce: 3n, deadline: 1_705_320_900n }),
      accountMessage('register', { owner: account, agentURI: 'ipfs://Ü', salt: hex('5b'), deadline: 1_705_320_900n }),
    ]
    /** What the page's module builds; its complaint if it refuses what it is given. */
    const build = (module: string, call: string, ...args: unknown[]) =>
      page.evaluate<unknown>(
        `import(${JSON.stringify(folder?.replace('act.js', module))})
          .then((module) => module.${call}(${args.map((arg) => JSON.stringify(arg)).join()})).catch(({ message }) => message)`,
      )
    for (const message of ofAccounts) {
      const typed = accountTypedData({ chainId, contracts, usdcDomain }, message)
      const known = membersAsText(message)
      const own = await build('accountMessages.js', 'accountMessage', message.action, known, typed)
      expect(own).toEqual(typed)
      const { calls } = directAccountCalls({ contracts }, message)
      expect(await build('calls.js', 'callsOf', message.action, known, calls)).toEqual(calls)
      const other = {
        ...typed,
        message: { ...typed.message, [message.action === 'unstake' ? 'signer' : 'nonce']: hex('12') },
      }
      const refused = await build('accountMessages.js', 'accountMessage', message.action, known, other)
      expect(refused).toMatch(/^The API asks you to sign another (nonce|signer)/)
    }
    for (const text of ['', 'Ü\r\n"x"', 'W'.repeat(30_000)]) {
      expect(await build('contentUri.js', 'contentUri', text)).toBe(uriOf(await cidOf(new TextEncoder().encode(text))))
    }
    const market = { chainId, address: contracts.BountyMarket }
    for (const action of runActionNames) {
      const message = {
        action,
        bountyId: 2n ** 200n,
        party: account,
        round: 2n,
        revision: 1n,
        text: 'ipfs://Ü',
        naming: 3n,
        claimant: account,
        deadline: 5n,
      } as const
      const typed = runTypedData(market, message)
      const known = {
        bountyId: String(2n ** 200n),
        round: 2,
        revision: 1,
        deliverableHash: message.text,
        feedbackHash: message.text,
        claimant: message.claimant,
      }
      expect(await build('runMessages.js', 'runMessage', action, known, account, typed)).toEqual(typed)
      const refused = await build('runMessages.js', 'runMessage', action, { ...known, bountyId: '1' }, account, typed)
      expect(refused).toMatch(/^The API asks you to sign another bountyId/)
      const { calls } = directRunCalls(market, message)
      expect(await build('calls.js', 'callsOf', action, known, calls)).toEqual(calls)
    }
    const claim = { bountyId: 2n ** 200n, agentId: 2n ** 250n }
    const { calls } = directClaimCalls(market, claim)
    const claimed = { bountyId: String(claim.bountyId), agentId: String(claim.agentId) }
    expect(await build('calls.js', 'callsOf', 'claim', claimed, calls)).toEqual(calls)
    for (const other of [{ value: '0x1' }, { to: account }, { data: '0x' }]) {
      const refused = await build('calls.js', 'callsOf', 'claim', claimed, [{ ...calls[0], ...other }])
      expect(refused).toMatch(/^The API answers another list of calls than /)
    }
    for (const action of ['apply', 'withdraw'] as const) {
      const note = action === 'apply' ? 'Ü\n"x"' : ''
      const message = { action, runId: 2n ** 200n, agentId: 2n ** 250n, wallet: account, note, deadline: 5n } as const
      const typed = applicationTypedData(market, message)
      const known = { runId: String(message.runId), agentId: String(message.agentId), note }
      expect(await build('runMessages.js', 'runMessage', action, known, account, typed)).toEqual(typed)
      const refused = await build('runMessages.js', 'runMessage', action, { ...known, agentId: '1' }, account, typed)
      expect(refused).toMatch(/^The API asks you to sign another agentId/)
    }
  })

  it('has the reference and a guide at /docs, where a request is right as prefilled', async () => {
    const send = async (place: string, request: string) => {
      await page.goto('about:blank')
      await page.goto(`${origin}/docs#${place}`)
      await page
        .getByRole('button', { name: 'Test Request' })
        .filter({ hasText: `(${request})` })
        .click()
      const sent = page.waitForRequest((asked) => asked.url().includes('/api/'))
      await page.getByRole('button', { name: /^Send/ }).first().click()
      return sent
    }
    // The reference's script of 3.5 MB takes long to run where all cores are busy.
    await page.goto(`${origin}/docs`, { timeout: 120_000 })
    await page.getByRole('heading', { name: 'From an open run to a claim' }).waitFor()
    const list = await send('tag/runs/GET/api/runs', 'get /api/runs')
    expect(list.url()).toBe(`${origin}/api/runs`)
    expect((await list.response())?.status()).toBe(200)
    const claim = await send('tag/claims/POST/api/runs/{id}/claim', 'post /api/runs/{id}/claim')
    expect(claim.url()).toBe(`${origin}/api/runs/1/claim`)
    expect(claim.postDataJSON()).toEqual({ agentId: 1, walletAddress: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' })
    expect(complaints).toEqual([])
  }, 180_000)
})
