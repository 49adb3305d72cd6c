import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blockContent } from '../../src/api/content/block.ts'
import { poster, seedTime, wallet } from '../support/rows.ts'
import { allPaths, type BoardMarket, boardMarket, EVENTS, hostileBriefs, tracker } from './boardMarket.ts'

let index: BoardMarket['index']
let api: BoardMarket['api']
let delivered: BoardMarket['delivered']
let close: BoardMarket['close']

beforeAll(async () => {
  ;({ index, api, delivered, close } = await boardMarket())
})

afterAll(() => close())

async function textOf(path: string) {
  const response = await api.app.request(path)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

describe('the board', () => {
  it('shows open runs, with amounts, times and the block', async () => {
    const { status, text } = await textOf('/?minReward=1000')
    expect(status).toBe(200)
    expect(text).toContain('1,234.567891')
    expect(text).toContain('1,000,000,000')
    expect(text).toContain('<time datetime="2024-01-20T12:00:00.000Z" title="2024-01-20 12:00 UTC">in 5 days</time>')
    expect(text).toMatch(/Indexed block <code title="0x0+a">10<\/code>, 4 seconds old/)
    expect(text).not.toContain('/runs/3"')
  })

  it('says of a run whose claim is the last that its poster has closed it, until it ends', async () => {
    expect((await textOf('/runs/9')).text).toContain('The poster has closed the run: this claim is the last.')
    expect((await textOf('/runs/10')).text).not.toContain('has closed')
    expect((await textOf('/runs/101')).text).not.toContain('has closed')
  })

  it('says which wallet alone may claim, and that none is named yet', async () => {
    expect((await textOf('/runs/1')).text).toContain(`<dt>Claimant</dt><dd><a href="/accounts/${wallet}">`)
    const { text } = await textOf('/runs/2')
    expect(text).not.toContain('<dt>Claimant</dt>')
    expect(text).toContain('Opened to any wallet')
    expect((await textOf('/runs/3')).text).toMatch(/<dt>Claimant<\/dt><dd>Not named yet/)
  })

  it('shows the agents that apply, the best record first, in pages, with a button for the poster alone', async () => {
    const { text } = await textOf('/runs/4')
    expect(text).toContain('The poster chooses an agent, which then claims it.')
    expect(text).toContain('14 agents apply')
    expect(text).toContain('The poster chooses who may claim ·')
    const chosenOf = (page: string) => [...page.matchAll(/<button>Choose agent (\d+)</g)].map(([, id]) => Number(id))
    expect(chosenOf(text)).toEqual(Array.from({ length: 12 }, (_, place) => 63 - place))
    const forms = [...text.matchAll(/<form class="act" data-action="name-claimant"[^>]*aria-label="Choose[^>]*>/g)]
    expect(forms).toHaveLength(12)
    for (const [form] of forms)
      expect(form).toMatch(new RegExp(`data-signers="${poster}" hidden.*&quot;${wallet}&quot;`, 's'))
    const second = await textOf('/runs/4?applicants=2')
    expect(chosenOf(second.text)).toEqual([51, 50])
    expect(second.text).toContain('&lt;script&gt;document.title')
    expect(`${text}${second.text}`).not.toMatch(/<script>|<img src=x|\u202e|\u200b/)
    expect((await textOf('/runs/4?applicants=9')).text).toContain('Page 9 of 2')
    expect((await textOf('/runs/4?applicants=0')).status).toBe(400)
  })

  it('lets all but the poster apply, and claims be made by the chosen wallet alone, which it tells until when', async () => {
    const { text } = await textOf('/runs/4')
    expect(text).toMatch(new RegExp(`data-action="apply"[^>]*data-others="${poster} ${poster}"`))
    expect(text).toMatch(new RegExp(`data-action="withdraw"[^>]*data-signers="${wallet}" hidden`))
    expect(text).not.toContain('data-action="claim"')
    const chosen = (await textOf('/runs/1')).text
    expect(chosen).toMatch(new RegExp(`data-action="claim"[^>]*data-signers="${wallet}" hidden`))
    expect(chosen).toContain('You were chosen: claim until 2024-01-20 12:00 UTC')
    expect((await textOf('/runs/20')).text).toMatch(/data-action="claim"[^>]*data-shown/)
    expect((await textOf(`/accounts/${wallet}`)).text).toMatch(/Chosen: to be claimed.*\/runs\/1"/s)
    expect((await textOf(`/accounts/${poster}`)).text).toMatch(/To be given to an agent that applies.*\/runs\/4"/s)
  })

  it('says that no agent applies yet, and nothing of applications where any wallet may claim', async () => {
    expect((await textOf('/runs/5')).text).toContain('No agent applies yet')
    const named = (await textOf('/runs/1')).text
    expect(named).toMatch(/Only <a href="\/accounts\/0x/)
    expect(named).not.toContain('No agent applies yet')
    expect((await textOf('/runs/20')).text).not.toContain('apply')
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
    expect(text).toMatch(/aria-label="Delivery 1"><div class="markdown"><p>&lt;script&gt;.*<strong>Voilà<\/strong>/s)
    expect(text).toMatch(/aria-label="Feedback 1"><div class="markdown">/)
    expect(text).toContain('Everyone can read a delivery before it is paid.')
    expect((await textOf('/runs/301')).text).toContain('<pre><code>{&quot;a&quot;:&quot;WWW')
    expect((await textOf('/runs/302')).text).toContain(
      '<bdi class="words">-----BEGIN CMS-----<span class="escape">U+202E</span>\n**a**\n</bdi>',
    )
    expect((await textOf('/runs/102')).text).not.toContain('aria-label="Delivery')
    expect((await textOf('/runs/1')).text).not.toContain('Everyone can read a delivery')
  })

  it.each(['/runs/303', '/runs/303?page=2'])(
    'shows what is decided on at %s: a delivery beside the conditions of the brief, then the terms',
    async (path) => {
      const { text } = await textOf(path)
      const cid = `${delivered[1]?.slice(7, 11)}…${delivered[1]?.slice(-4)}`
      const places = [
        'Delivery 1',
        'Feedback 1',
        'Delivery 2',
        'To be approved',
        `Approve delivery 2 (${cid}) and pay 100 USDC`,
        'Terms',
        'Timeline',
      ].map((words) => text.indexOf(`>${words}<`))
      expect(places).toEqual(places.toSorted((a, b) => a - b))
      expect(places).not.toContain(-1)
      expect(text).toMatch(/<details >\s*<summary><h2>Delivery 1.*<details open>\s*<summary><h2>Delivery 2/s)
      expect(text).toContain('<input type="checkbox" autocomplete="off"> <bdi class="words">It reads well</bdi>')
      // All of it is one part, with one version.
      expect(text).toMatch(/<div data-live id="review" data-version="[^"]+" (?:(?!data-live).)*Approve delivery 2/s)
      const open = (await textOf('/runs/204')).text
      expect(open.indexOf('What is asked for')).toBeLessThan(open.indexOf('>Terms<'))
      expect(open.indexOf('>Terms<')).toBeLessThan(open.indexOf('Claim the run'))
    },
  )

  it.each([
    ['/?state=APPROVED', ['Poster', 'Agent']],
    ['/?state=OPEN', ['Deadline', 'Poster']],
    ['/?state=ANY', ['Deadline', 'Poster', 'State', 'Agent']],
    [`/?state=ANY&poster=${poster}`, ['Deadline', 'State', 'Agent']],
    ['/?state=ANY&claimedBy=2', ['Poster', 'State']],
    ['/agents/1', ['Poster', 'State']],
  ])('shows no column that says the same in each row of %s', async (path, columns) => {
    const heads = [...(await textOf(path)).text.matchAll(/<th scope="col"[^>]*>([^<]+)</g)].map(([, head]) => head)
    expect(heads.filter((head) => !['Run', 'Reward, USDC', 'Created'].includes(String(head)))).toEqual(columns)
  })

  it('lists the agents with a stake, and all identities beside them', async () => {
    const listed = async (path: string) => {
      const { text } = await textOf(path)
      const ids = [...text.matchAll(/data-row="(\d+)"/g)].map(([, id]) => id)
      return { hasUnstaked: ids.includes('3'), total: Number(/total">(\d+) agents/.exec(text)?.[1]) }
    }
    const staked = await listed('/agents')
    expect(staked.hasUnstaked).toBe(false)
    expect(await listed('/agents?all=true')).toEqual({ hasUnstaked: true, total: staked.total + 1 })
    expect((await textOf('/agents')).text).toContain('<a href="/agents?all=true">All identities</a>')
    expect((await textOf('/agents?all=false')).status).toBe(400)
  })

  it('shows the agents, runs and record of an account, and what waits for it', async () => {
    const { text } = await textOf(`/accounts/${poster.toLowerCase()}`)
    expect(text).toMatch(/To be reviewed.*\/runs\/303.*Runs it posted.*How its runs ended/s)
    expect((await textOf(`/accounts/${wallet}`)).text).toMatch(/To be delivered.*\/runs\/302.*Agents.*\/agents\/1"/s)
    expect((await textOf('/accounts/0x00000000000000000000000000000000000000aa')).text).toContain(
      'no agent and no run yet',
    )
    expect((await textOf('/accounts/0x12')).status).toBe(400)
  })

  it('leaves out the columns that say the same of each run, and links tags', async () => {
    const header = async (path: string) =>
      [...(await textOf(path)).text.matchAll(/<th scope="col"[^>]*>([^<]*)</g)].map(([, name]) => name)
    expect(await header('/')).toEqual(['Run', 'Reward, USDC', 'Deadline', 'Poster', 'Created'])
    expect(await header('/?state=SUBMITTED')).toEqual(['Run', 'Reward, USDC', 'Poster', 'Agent', 'Created'])
    expect(await header('/?state=ANY')).toHaveLength(7)
    const tag = 'w'.repeat(32)
    expect((await textOf('/runs/202')).text).toContain(`<a href="/?state=ANY&amp;tag=${tag}">${tag}</a>`)
    expect((await textOf(`/?state=OPEN&tag=${tag}`)).text).toContain(
      `<a href="/?state=OPEN" aria-label="Remove the filter Tagged ${tag}"`,
    )
  })

  it('says of a delivery that was taken down that it was', async () => {
    const client = new pg.Client({ connectionString: index.url })
    await client.connect()
    await blockContent(client, delivered[1]?.slice('ipfs://'.length) ?? '')
    await client.end()
    expect((await textOf('/runs/301')).text).toMatch(
      /<h2>Delivery 1<\/h2>.*<\/summary>\s*<p class="hint">The operator of this server has/,
    )
  })

  it('leads a search for a number to the run, and one for an address to its runs', async () => {
    const placeOf = async (words: string) => {
      const { status, headers } = await textOf(`/?q=${encodeURIComponent(words)}`)
      return [status, headers.get('Location')]
    }
    expect(await placeOf(' 9 ')).toEqual([302, '/runs/9'])
    expect(await placeOf('#9')).toEqual([302, '/runs/9'])
    expect(await placeOf(poster.toLowerCase())).toEqual([302, `/accounts/${poster}`])
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
    expect(text).toMatch(/<option value="reward desc" selected>/)
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
    expect(await metaOf('/runs/200', 'og:description')).toBe(`100 USDC, open. &lt;img src=${tracker}&gt;`)
    expect(await metaOf('/agents', 'og:description')).toMatch(/^Work for agents/)
  })

  it('introduces the market on its first page only, and offers the states', async () => {
    const first = (await textOf('/')).text
    expect(first).toMatch(
      /Work for agents, with its reward in escrow.*href="\/post">Post a run.*href="\/connect">Connect an agent/s,
    )
    expect(first).toMatch(/<a href="\/\?state=REVISION_REQUESTED"/)
    expect(first).toMatch(/<a href="\/\?state=OPEN"\s+aria-current="page"/)
    expect((await textOf('/?minReward=5')).text).not.toContain('Work for agents')
  })

  it.each([
    'minReward=1000',
    `poster=${poster}`,
    'claimable=true',
    'claimable=false',
    `claimant=${wallet}`,
    'q=translate',
  ])('counts the runs of each state with %s, as the lists do', async (filter) => {
    const totalOf = (text: string) => /<p class="hint total">([\d,]+) runs?/.exec(text)?.[1]
    const { text } = await textOf(`/?${filter}`)
    const tabs = [
      ...text.matchAll(
        /[?;]state=([A-Z_]+)"[^>]*><span\s+class="badge[^"]*">[^<]+<\/span> <span class="hint">([\d,]+)</g,
      ),
    ]
    expect(tabs).toHaveLength(9)
    for (const [, state, total] of tabs) {
      expect([state, total]).toEqual([state, totalOf((await textOf(`/?${filter}&state=${state}`)).text)])
    }
    expect(tabs.some(([, , total]) => total !== '0')).toBe(true)
  })

  it('shows the deadline of a claim only while a run can be claimed', async () => {
    expect((await textOf('/runs/1')).text).toContain('To be claimed by')
    expect((await textOf('/runs/10')).text).not.toContain('To be claimed by')
  })

  it('shows the newest event first, on every page of them', async () => {
    const first = (await textOf('/runs/44')).text
    expect(first).toMatch(/delivered.*created the run/s)
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
    ['/?state=NONE', 400, 'This search cannot be made'],
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
    // The checks of a delivery are imported by a worker.
    const folder = links.find((link) => link.endsWith('/act.js'))?.replace('act.js', '')
    links.push(`${folder}checks.js`, `${folder}checksWorker.js`)
    const served = new Set<string>()
    for (let link = links.pop(); link !== undefined; link = links.pop()) {
      if (served.has(link)) continue
      served.add(link)
      expect(link).toMatch(/^\/board\/([0-9a-f]{12}\/[\w/-]+\.js|\w+\.[0-9a-f]{12}\.(css|svg))$/)
      const { status, headers, text } = await textOf(link)
      expect(headers.get('Content-Security-Policy')).toContain("script-src 'self'")
      expect([link, status, headers.get('Cache-Control')]).toEqual([link, 200, 'public, max-age=31536000, immutable'])
      const imports = [...text.matchAll(/^import .*'(.+)'$|^import .*"(.+)";$|from '(.+)';?$/gm)]
      for (const [, ...paths] of imports) {
        const path = paths.find((each) => each !== undefined) ?? ''
        links.push(new URL(path, `http://localhost${link}`).pathname)
      }
    }
    expect(served.size).toBeGreaterThan(12)
    expect([...served].some((link) => link.endsWith('/hashes/crypto.js'))).toBe(true)
    expect([...served].some((link) => link.endsWith('/checks/schema/ucs2-length.js'))).toBe(true)
  })

  it('answers an unknown path with a page to a browser, and with a problem to others', async () => {
    const ask = (path: string, accept: string) => api.app.request(path, { headers: { Accept: accept } })
    const ofBrowser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'
    const page = await ask('/run/1', ofBrowser)
    expect([page.status, page.headers.get('Content-Type')]).toEqual([404, 'text/html; charset=UTF-8'])
    expect(page.headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'/)
    expect(await page.text()).toMatch(
      /This page does not exist.*There is no page \/run\/1 here.*See <a href="\/">the open runs<\/a>/s,
    )
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
