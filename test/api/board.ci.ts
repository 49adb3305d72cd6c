import { serve } from '@hono/node-server'
import { eq } from 'drizzle-orm'
import pg from 'pg'
import { pino } from 'pino'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accountMessage, accountTypedData, membersAsText } from '../../core/market/accountActions.ts'
import { runActionNames, runTypedData } from '../../core/market/runActions.ts'
import { agent, run, runEvent } from '../../ponder.schema.ts'
import { blockContent } from '../../src/api/content/block.ts'
import { type Brief, briefOf } from '../../src/api/content/brief.ts'
import type { MediaType } from '../../src/api/content/checkContent.ts'
import { cidOf, uriOf } from '../../src/api/content/cid.ts'
import { type ContentStore, openContentStore } from '../../src/api/content/store.ts'
import { violationsOn } from '../support/axe.ts'
import { openBrowser } from '../support/browser.ts'
import { claimedRun, eventOf, openRun, poster, seedTime, stakedAgent } from '../support/rows.ts'
import { chainId, type IndexedDatabase, indexedDatabase, viewsSchema } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

const script = '<script>document.title = "taken"</script><img src=x onerror=alert(1)>"\'&'
const hostileTexts = [
  script,
  'javascript:alert(1)',
  'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"onclick="alert(1)',
  '\u202Eslaever\u202C \u2066isolate\u2069 \u200B\u0007\u001B[31m',
  'ü'.repeat(64),
  'W'.repeat(128),
]
const tracker = 'https://tracker.example/x.png'
const hostileBriefs = [
  {
    title: script,
    summary: `<img src=${tracker}>`,
    description: `![a](${tracker}) [b](javascript:alert(1)) <iframe src="${tracker}">`,
  },
  {
    title: '\u202Eeltit\u200B',
    description: '\u202Etxet\u2066\n'.repeat(50),
    acceptance: ['</ul><style>*{display:none}</style>'],
  },
  { title: 'W'.repeat(120), summary: 'W'.repeat(500), description: 'W'.repeat(31_000), tags: ['w'.repeat(32)] },
  {
    title: 'Markdown',
    description: `# It\n\n### Deep \n\n5. [text](${tracker} "b") \u202e\n6. > quoted\n\n\`\`\`\na\n\`\`\`\n\n${'> - '.repeat(5_000)}`,
  },
  { title: 'A link', attachments: [{ name: '<a href="javascript:alert(1)">', cid: 'Q'.repeat(46), size: 1 }] },
]

const hugeId = 2n ** 255n

/** Of run 44. A page has a hundred. */
const EVENTS = 103

const paths = ['/', '/?state=ANY', '/?state=REJECTED', '/runs/1', '/runs/9', '/runs/999', '/agents', '/agents/1']
const deliveryPaths = ['/runs/300', '/runs/302']
const hostilePaths = [
  ...hostileTexts.map((_, place) => `/runs/${100 + place}`),
  ...hostileBriefs.map((_, place) => `/runs/${200 + place}`),
]
const ownPaths = [
  ...paths,
  `/agents/${hugeId}`,
  '/post',
  '/connect',
  '/market',
  '/market?interval=month',
  '/?page=0',
  '/?minReward=none',
]
const allPaths = [...ownPaths, ...hostilePaths, ...deliveryPaths]

let index: IndexedDatabase
let content: ContentStore
/** The URIs of the deliveries of runs 300 and on. */
let delivered: string[]
let api: TestApi

const contentLimits = { clientBytes: 1_000_000, totalBytes: 100_000_000 }

/** Stores the text. @returns its URI. */
async function store(text: string, mediaType: MediaType, brief?: Brief) {
  const bytes = new TextEncoder().encode(text)
  const cid = await cidOf(bytes)
  const { status } = await content.post({ cid, mediaType, bytes, brief, registration: undefined, client: 'a' })
  expect(status).toBe('stored')
  return uriOf(cid)
}

/** Stores the brief. @returns its URI. */
function storeBrief(brief: object) {
  const read = briefOf(brief)
  expect(read).toEqual(brief)
  return store(JSON.stringify(brief), 'application/json', read)
}

beforeAll(async () => {
  index = await indexedDatabase()
  await index.create()
  content = openContentStore({
    url: index.url,
    chainId,
    indexSchema: viewsSchema,
    limits: contentLimits,
    logger: pino({ level: 'silent' }),
  })
  const briefs: string[] = []
  for (const brief of hostileBriefs) briefs.push(await storeBrief(brief))
  delivered = [
    await store(`${script} **Voilà** ![a](${tracker})`, 'text/markdown'),
    await store(`{"a":"${'W'.repeat(2_000)}"}`, 'application/json'),
    await store('-----BEGIN CMS-----\u202e\n**a**\n', 'text/plain'),
  ]
  await index.db.insert(run).values(briefs.map((ipfsHash, place) => openRun(BigInt(200 + place), { ipfsHash })))
  await index.db.insert(run).values([
    openRun(1n, { reward: 1_234_567_891n }),
    openRun(2n, { reward: 10n ** 15n, deadline: seedTime - 1n }),
    openRun(3n, { state: 'DRAFT' }),
    ...Array.from({ length: 25 }, (_, place) => openRun(BigInt(20 + place))),
    claimedRun(9n, {
      state: 'SUBMITTED',
      submitBy: null,
      reviewBy: seedTime + 9n,
      claimedBy: hugeId,
      evaluator: poster,
      closing: true,
    }),
    ...delivered.map((deliverableHash, place) =>
      claimedRun(BigInt(300 + place), { deliverableHash, feedbackHash: delivered[0] }),
    ),
    claimedRun(10n, { state: 'APPROVED', submitBy: null, endedAt: seedTime, closing: true }),
    ...hostileTexts.map((text, place) =>
      claimedRun(BigInt(100 + place), { ipfsHash: text, deliverableHash: text, feedbackHash: text }),
    ),
  ])
  await index.db
    .insert(runEvent)
    .values([
      eventOf(1n, 1, { name: 'BountyCreated', address: poster, amount: 100_000_000n, hash: script }),
      eventOf(9n, 1, { name: 'BountyApproved', byTimeout: true, agentId: hugeId }),
      ...Array.from({ length: EVENTS }, (_, place) =>
        eventOf(44n, place + 1, { name: place === EVENTS - 1 ? 'WorkSubmitted' : 'BountyCreated' }),
      ),
      ...hostileTexts.map((hash, place) => eventOf(BigInt(100 + place), 1, { name: 'WorkSubmitted', hash })),
    ])
  await index.db
    .insert(agent)
    .values([
      stakedAgent(1n, { agentURI: script, completions: 5 }),
      stakedAgent(hugeId, { agentURI: 'javascript:alert(1)', stakedAmount: 2n ** 200n, frozen: true }),
    ])
  await index.moveTo({ number: 10n, timestamp: seedTime })
  api = await testApi(index.url, () => Number(seedTime + 4n) * 1_000, undefined, {}, content)
})

afterAll(async () => {
  await api.close()
  await content.close()
  await index.close()
})

async function textOf(path: string) {
  const response = await api.app.request(path)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

describe('the board without a browser', () => {
  it('shows open runs, with amounts, times and the block', async () => {
    const { status, text } = await textOf('/?minReward=1000')
    expect(status).toBe(200)
    expect(text).toContain('1,234.567891')
    expect(text).toContain('1,000,000,000.00')
    expect(text).toContain('<time datetime="2024-01-20T12:00:00.000Z" title="2024-01-20 12:00 UTC">in 5 days</time>')
    expect(text).toMatch(/Indexed block <code title="0x0+a">10<\/code>, 4 seconds old/)
    expect(text).not.toContain('/runs/3"')
  })

  it('says of a run whose claim is the last that its poster has closed it, until it ends', async () => {
    expect((await textOf('/runs/9')).text).toContain('The poster has closed the run: this claim is the last.')
    expect((await textOf('/runs/10')).text).not.toContain('has closed')
    expect((await textOf('/runs/101')).text).not.toContain('has closed')
  })

  it('filters, sorts and pages as the API does', async () => {
    expect((await textOf('/?minReward=1234.5&sort=reward&order=asc')).text).toMatch(/Run 1<.*Run 2</s)
    expect((await textOf(`/?state=DRAFT&poster=${poster}&minReward=`)).text).toContain('1 run<')
    const second = await textOf('/?page=2')
    expect(second.text).toContain('Page 2 of 2')
    expect(second.text).toContain('rel="prev"')
    expect((await textOf('/?state=REJECTED')).text).toContain('No run matches')
  })

  it('shows the texts of hostile briefs as text, in lists, on pages and in titles', async () => {
    for (const path of ['/?page=1', '/runs/200', '/runs/201', '/runs/203', '/runs/204']) {
      const { text } = await textOf(path)
      expect(text).not.toMatch(/<script>|<img (?!src="\/board\/)|<iframe|<style>|<a href="javascript|\u202e|\u200b/)
    }
    expect((await textOf('/runs/201')).text).toContain('<title>eltit · Run 201 · Runline</title>')
    expect((await textOf('/runs/200')).text).toContain(
      `<a href="${tracker}" rel="noreferrer nofollow ugc">a <span class="hint">image, tracker.example</span></a> [b](javascript:alert(1))`,
    )
    expect((await textOf('/runs/202')).text).toContain('W'.repeat(31_000))
  })

  it('shows deliveries and feedback by their type, as far as they are stored here', async () => {
    const { text } = await textOf('/runs/300')
    expect(text).toMatch(/aria-label="Delivery"><div class="markdown"><p>&lt;script&gt;.*<strong>Voilà<\/strong>/s)
    expect(text).toMatch(/aria-label="Feedback"><div class="markdown">/)
    expect(text).toContain('Everyone can read a delivery before it is paid.')
    expect((await textOf('/runs/301')).text).toContain('<pre><code>{&quot;a&quot;:&quot;WWW')
    expect((await textOf('/runs/302')).text).toContain(
      '<bdi class="words">-----BEGIN CMS-----<span class="escape">U+202E</span>\n**a**\n</bdi>',
    )
    expect((await textOf('/runs/102')).text).not.toContain('aria-label="Delivery"')
    expect((await textOf('/runs/1')).text).not.toContain('Everyone can read')
  })

  it('says of a delivery that was taken down that it was', async () => {
    const client = new pg.Client({ connectionString: index.url })
    await client.connect()
    await blockContent(client, delivered[1]?.slice('ipfs://'.length) ?? '')
    await client.end()
    expect((await textOf('/runs/301')).text).toMatch(
      /<h3>Delivery<\/h3><p class="hint">The operator of this server has/,
    )
  })

  it('leads a search for a number to the run, and one for an address to its runs', async () => {
    const placeOf = async (words: string) => {
      const { status, headers } = await textOf(`/?q=${encodeURIComponent(words)}`)
      return [status, headers.get('Location')]
    }
    expect(await placeOf(' 9 ')).toEqual([302, '/runs/9'])
    expect(await placeOf('#9')).toEqual([302, '/runs/9'])
    expect(await placeOf(poster)).toEqual([302, `/?state=ANY&poster=${poster}`])
  })

  it('finds runs by words, which remain in the field with the other filters', async () => {
    const { text } = await textOf(`/?q=link&poster=${poster}`)
    expect(text).toContain('1 run<')
    expect(text).toContain('<a href="/runs/204">')
    expect(text).toContain('value="link"')
    expect(text).toContain(`<input type="hidden" name="poster" value="${poster}">`)
    expect(text).toContain('<title>Open runs, with link, of')
  })

  it('keeps what was typed into a search that it refuses, and moves the focus to the field', async () => {
    const { status, text } = await textOf('/?q=logo&minReward=1%3C2&sort=reward&state=REJECTED')
    expect(status).toBe(400)
    expect(text).toContain('minReward: must be an amount of USDC')
    expect(text).toMatch(/name="minReward" value="1&lt;2"\s+aria-invalid="true" aria-describedby="refusal" autofocus>/)
    expect(text).toMatch(/name="q" value="logo"\s+>/)
    expect(text).toMatch(/<option value="reward" selected>/)
    expect(text).toContain('<input type="hidden" name="state" value="REJECTED">')
    // What no field shows would be refused again.
    expect((await textOf('/?state=NONE')).text).toContain('<input type="hidden" name="state" value="OPEN">')
    expect((await textOf('/?tag=N%20O')).text).not.toContain('name="tag"')
  })

  it('names its pages after what they show', async () => {
    const titleOf = async (path: string) => /<title>(.*)<\/title>/.exec((await textOf(path)).text)?.[1]
    expect(await titleOf('/')).toBe('Open runs · Runline')
    expect(await titleOf(`/?state=ANY&poster=${poster}&minReward=5`)).toBe(
      `All runs, of ${poster.slice(0, 10)}…, from 5 USDC · Runline`,
    )
    expect(await titleOf('/?state=REJECTED')).toBe('Rejected runs · Runline')
    expect(await titleOf('/runs/9')).toBe('Run 9 · Runline')
    expect(await titleOf('/?claimedBy=7&claimable=true&page=2')).toBe(
      'Open runs, claimed by agent 7, to be claimed now, page 2 · Runline',
    )
  })

  it('says what a page shows to those that preview links to it, as text', async () => {
    const metaOf = async (path: string, name: string) =>
      new RegExp(`<meta (?:property|name)="${name}" content="([^"]*)">`).exec((await textOf(path)).text)?.[1]
    expect(await metaOf('/?minReward=1000', 'description')).toBe('2 runs, with rewards in escrow.')
    expect(await metaOf('/runs/200', 'og:title')).toMatch(/^&lt;script&gt;.* · Run 200$/)
    expect(await metaOf('/runs/200', 'og:description')).toBe(`100.00 USDC, open. &lt;img src=${tracker}&gt;`)
    expect(await metaOf('/agents', 'og:description')).toMatch(/^Work for agents/)
  })

  it('introduces the market on its first page only, and offers the states', async () => {
    const first = (await textOf('/')).text
    expect(first).toMatch(
      /Work for agents, with its reward in escrow.*href="\/post">Post a run.*href="\/connect">Connect an agent/s,
    )
    expect(first).toMatch(/<a href="\?state=REVISION_REQUESTED"/)
    expect(first).toMatch(/<a href="\?state=OPEN"\s+aria-current="page"/)
    expect((await textOf('/?minReward=5')).text).not.toContain('Work for agents')
  })

  it('shows the deadline of a claim only while a run can be claimed', async () => {
    expect((await textOf('/runs/1')).text).toContain('To be claimed by')
    expect((await textOf('/runs/10')).text).not.toContain('To be claimed by')
  })

  it('shows the newest event first, on every page of them', async () => {
    const first = (await textOf('/runs/44')).text
    expect(first).toMatch(/Work submitted.*Created/s)
    expect(first).toContain('Page 1 of 2')
    expect([...first.matchAll(/in block ([\d,]+)/g)].map(([, block]) => block)).toEqual(
      Array.from({ length: 100 }, (_, place) => String(EVENTS - place)),
    )
    const second = (await textOf('/runs/44?page=2')).text
    expect([...second.matchAll(/in block ([\d,]+)/g)].map(([, block]) => block)).toEqual(['3', '2', '1'])
  })

  it.each([
    ['/runs/999', 404, 'There is no run 999.'],
    [`/runs/${2n ** 300n}`, 404, 'No such run'],
    ['/agents/999', 404, 'There is no agent 999.'],
    ['/runs/abc', 400, 'The request is malformed'],
    ['/?state=NONE', 400, 'The request is malformed'],
    ['/?cursor=abc', 400, 'cursor: is not known here'],
    ['/market?interval=hour', 400, 'The request is malformed'],
  ])('answers %s with %i and a page', async (path, status, words) => {
    const answer = await textOf(path)
    expect([answer.status, answer.headers.get('Content-Type')]).toEqual([status, 'text/html; charset=UTF-8'])
    expect(answer.text).toContain(words)
  })

  it.each(allPaths)('sends %s with a policy that allows nothing inline and no other host', async (path) => {
    const { headers, text: whole } = await textOf(path)
    // The links of briefs lead to other hosts, and send no Referer.
    const text = whole
      .replaceAll(/<a href="https:\/\/[^"]*" rel="noreferrer nofollow ugc">/g, '')
      .replaceAll(/<meta (?:name|property)="[a-z:-]+" content="[^"]*">/g, '')
    const policy = headers.get('Content-Security-Policy')
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/)
    expect(policy).not.toContain('unsafe')
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(headers.get('Referrer-Policy')).toBe('no-referrer')
    expect(text).not.toMatch(/<[^>]* (style|on\w+)=|<script>|<[^>]*https?:/)
    for (const [, link] of text.matchAll(/(?:href|src)="([^"]*)"/g)) {
      expect(link).toMatch(/^(\/(?!\/)|\?|#content$|ipfs:\/\/(Qm\w{44}|b\w{58})$)/)
    }
  })

  it('renders a description that is being written as the page of its run shows it', async () => {
    for (const { description = '' } of hostileBriefs) {
      const preview = await api.app.request('/post/preview', { method: 'POST', body: description })
      expect([preview.status, preview.headers.get('Cache-Control')]).toEqual([200, 'no-store'])
      expect(preview.headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'/)
      const page = await preview.text()
      expect(page).not.toMatch(/<[^>]* (style|on\w+)=|<script|<img|<iframe|href="javascript/)
      const place = hostileBriefs.findIndex((brief) => brief.description === description)
      expect((await textOf(`/runs/${200 + place}`)).text).toContain(description === '' ? '' : page)
    }
    const tooLong = await api.app.request('/post/preview', { method: 'POST', body: 'a'.repeat(40_000) })
    expect(tooLong.status).toBe(413)
  })

  it('renders so many drafts of an address a minute, because a hostile one takes 60 ms', async () => {
    const statuses: number[] = []
    for (let draft = 0; draft < 70; draft++) {
      statuses.push((await api.app.request('/post/preview', { method: 'POST', body: 'a' })).status)
    }
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
    expect(statuses.at(-1)).toBe(429)
  })

  it('serves its files, and the modules that they import, with URLs that change with their content', async () => {
    const { text } = await textOf('/post')
    const links = [...text.matchAll(/"(\/board\/[^"]+)"/g)].map(([, link]) => link ?? '')
    const served = new Set<string>()
    for (let link = links.pop(); link !== undefined; link = links.pop()) {
      if (served.has(link)) continue
      served.add(link)
      expect(link).toMatch(/^\/board\/([0-9a-f]{12}\/[\w/]+\.js|\w+\.[0-9a-f]{12}\.(css|svg))$/)
      const { status, headers, text } = await textOf(link)
      expect([link, status, headers.get('Cache-Control')]).toEqual([link, 200, 'public, max-age=31536000, immutable'])
      const imports = [...text.matchAll(/^import .*'(.+)'$|^import .*"(.+)";$|from '(.+)';?$/gm)]
      for (const [, ...paths] of imports) {
        const path = paths.find((each) => each !== undefined) ?? ''
        links.push(new URL(path, `http://localhost${link}`).pathname)
      }
    }
    expect(served.size).toBeGreaterThan(12)
    expect([...served].some((link) => link.endsWith('/hashes/crypto.js'))).toBe(true)
  })

  it('answers an unknown path with a page to a browser, and with a problem to others', async () => {
    const ask = (path: string, accept: string) => api.app.request(path, { headers: { Accept: accept } })
    const ofBrowser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'
    const page = await ask('/run/1', ofBrowser)
    expect([page.status, page.headers.get('Content-Type')]).toEqual([404, 'text/html; charset=UTF-8'])
    expect(page.headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'/)
    expect(await page.text()).toMatch(/There is no page \/run\/1 here.*See <a href="\/">the open runs<\/a>/s)
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.5']) {
      const problem = await ask('/run/1', accept)
      const { code } = (await problem.json()) as { code: string }
      expect([problem.status, code]).toEqual([404, 'ROUTE_NOT_FOUND'])
    }
    expect((await ask('/mcp', ofBrowser)).status).toBe(405)
  })

  it('answers 503 with a page while the index rewinds', async () => {
    await index.setHead({ number: 9n, timestamp: seedTime })
    const { status, headers, text } = await textOf('/runs/1')
    expect([status, headers.get('Retry-After')]).toEqual([503, '1'])
    expect(text).toContain('The index is catching up with the chain')
    await index.moveTo({ number: 10n, timestamp: seedTime })
  })
})

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
    expect(await terms.textContent()).toBe('U+202EslaeverU+202C U+2066isolateU+2069 U+200BU+0007U+001B[31m')
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
    const box = await plot.locator('svg').boundingBox()
    if (!box) throw new Error('There is no plot')
    await page.mouse.move(box.x + box.width - 2, box.y + 5)
    expect(await plot.locator('figcaption span').textContent()).toMatch(/^2024-\d\d-\d\d: \d+$/)
    await page.mouse.move(0, 0)
    expect(await plot.locator('figcaption span').textContent()).toMatch(/at the end$/)
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
      accountMessage('post', { poster: account, ...terms, stakePercent: 7n, evaluator: contracts.USDC, ...times }),
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
      const other = {
        ...typed,
        message: { ...typed.message, [message.action === 'unstake' ? 'signer' : 'nonce']: hex('12') },
      }
      const refused = await build('accountMessages.js', 'accountMessage', message.action, known, other)
      expect(refused).toMatch(/^The API asks you to sign another (nonce|signer)/)
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
        deadline: 5n,
      } as const
      const typed = runTypedData(market, message)
      const known = {
        bountyId: String(2n ** 200n),
        round: 2,
        revision: 1,
        deliverableHash: message.text,
        feedbackHash: message.text,
      }
      expect(await build('runMessages.js', 'runMessage', action, known, account, typed)).toEqual(typed)
      const refused = await build('runMessages.js', 'runMessage', action, { ...known, bountyId: '1' }, account, typed)
      expect(refused).toMatch(/^The API asks you to sign another bountyId/)
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
    await page.goto(`${origin}/docs`)
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
