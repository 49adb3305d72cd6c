import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../ponder.schema.ts'
import { blockContent } from '../../src/api/content/block.ts'
import { readBrief } from '../../src/api/content/brief.ts'
import { cidOf, uriOf } from '../../src/api/content/cid.ts'
import { post } from '../../src/api/content/post.ts'
import { openRun, seedTime } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

const limits = { clientBytes: 1_000_000, totalBytes: 100_000_000 }

const whole = {
  title: 'Translate a page',
  summary: 'A page of 600 words.',
  description: '# The page\n\nIt is "attached".',
  acceptance: ['Complete'],
  tags: ['translation', 'c++'],
  attachments: [{ name: 'page.md', cid: 'bafkreiashee25ooqkxzfh4n2h2hm7ztlxoxapldegrnjhfxxjxhr2ks65m', size: 65 }],
}

const hostile = {
  title: `<script>alert(1)</script>" \u202e\u200b'); DROP TABLE run;--`,
  summary: '<img src=https://tracker.example/x.png onerror=alert(2)>',
  description:
    '[a](javascript:alert(3)) ![b](https://tracker.example/y.png)\n<iframe src="https://tracker.example"></iframe>',
  acceptance: ['</ul></div><style>*{display:none}</style>'],
  attachments: [{ name: '<b onclick=alert(4)>', cid: 'Q'.repeat(46), size: 1 }],
}

const longest = { title: 'W'.repeat(120), description: 'W'.repeat(32_000) }

let index: IndexedDatabase
let api: TestApi
let pool: pg.Pool
let block = 10n

async function textsOf(brief: object) {
  const bytes = new TextEncoder().encode(JSON.stringify(brief))
  return { bytes, cid: await cidOf(bytes) }
}

const uriOfBrief = async (brief: object) => uriOf((await textsOf(brief)).cid)

/** Posts the brief, and reads from then on what is stored: answers are cached until the next block. */
async function postBrief(brief: object) {
  const { bytes, cid } = await textsOf(brief)
  const posted = { cid, mediaType: 'application/json', bytes, brief: readBrief(brief).data, client: 'a' } as const
  expect((await post(pool, posted, limits)).status).toBe('stored')
  await nextBlock()
}

const nextBlock = () => index.moveTo({ number: ++block, timestamp: seedTime })

const get = async (path: string) => {
  const { status, body } = await api.get(`${path}${path.includes('?') ? '&' : '?'}minBlock=${block}`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}

const page = async (path: string) => (await api.app.request(path)).text()

beforeAll(async () => {
  index = await emptyIndex()
  const [ofWhole, ofHostile, ofLongest] = await Promise.all([
    uriOfBrief(whole),
    uriOfBrief(hostile),
    uriOfBrief(longest),
  ])
  await index.db
    .insert(run)
    .values([
      openRun(1n, { ipfsHash: ofWhole }),
      openRun(2n, { ipfsHash: ofWhole, state: 'DRAFT' }),
      openRun(3n, { ipfsHash: ofHostile }),
      openRun(4n, { ipfsHash: ofLongest }),
      openRun(5n),
    ])
  await nextBlock()
  pool = new pg.Pool({ connectionString: index.url, max: 2 })
  api = await testApi(index.url, () => Number(seedTime) * 1_000)
  return () => Promise.all([api.close(), pool.end(), index.close()])
})

describe('runs', () => {
  it('have null where their brief is not stored here, and its texts once it is', async () => {
    const unknown = { title: null, summary: null, tags: null }
    expect(await get('/api/runs/1')).toMatchObject({ ...unknown, brief: null })
    await postBrief(whole)
    const { title, summary, tags } = whole
    expect(await get('/api/runs/1')).toMatchObject({ title, summary, tags, brief: whole })
    const { runs } = await get('/api/runs?order=asc')
    expect(runs.map((each: { title: string | null }) => each.title)).toEqual([title, title, null, null, null])
    expect(runs[1]).toMatchObject({ bountyId: 2, state: 'DRAFT', title, summary, tags })
    expect(runs[4]).toMatchObject({ bountyId: 5, ...unknown })
    expect(runs[0]).not.toHaveProperty('brief')
  })

  it('have the texts in lists of every kind', async () => {
    for (const query of [
      'state=OPEN',
      'claimable=true',
      'minReward=1&sort=reward',
      'claimable=true&minReward=1',
      'page=1&limit=2',
    ]) {
      const { runs } = await get(`/api/runs?order=asc&${query}`)
      expect([query, runs[0].bountyId, runs[0].title]).toEqual([query, 1, whole.title])
    }
  })

  it('have an empty list of tags where a brief has none', async () => {
    await postBrief(longest)
    expect(await get('/api/runs/4')).toMatchObject({ title: longest.title, summary: null, tags: [] })
  })

  it('have another ETag once their brief is stored or taken down, at the next block', async () => {
    const etagOf = async () => (await api.get(`/api/runs/3?minBlock=${block}`)).headers.get('ETag')
    const before = await etagOf()
    await postBrief(hostile)
    expect(await etagOf()).not.toBe(before)
    const client = await pool.connect()
    await blockContent(client, (await textsOf(hostile)).cid)
    await nextBlock()
    expect(await get('/api/runs/3')).toMatchObject({ title: null, brief: null })
    await client.query('DELETE FROM content.blocked')
    client.release()
    await postBrief(hostile)
  })
})

describe('the board', () => {
  it('shows the title first, and the run’s number where there is none', async () => {
    const list = await page('/')
    expect(list).toMatch(/href="\/runs\/1"><bdi class="words">Translate a page<\/bdi><\/a> <span class="hint">Run 1</)
    expect(list).toContain('href="/runs/5">Run 5</a>')
    const text = await page('/runs/1')
    expect(text).toContain('<h1><bdi class="words">Translate a page</bdi></h1>')
    for (const part of ['A page of 600 words.', 'Complete', 'page.md, 65 bytes', '?state=ANY&amp;tag=c%2B%2B">c++<'])
      expect(text).toContain(part)
    expect(await page('/runs/5')).toContain('<h1>Run 5</h1>')
  })

  it('runs and loads nothing of hostile briefs', async () => {
    for (const path of ['/', '/runs/3']) {
      const text = await page(path)
      expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
      expect(text).toContain('<span class="escape">U+202E U+200B</span>')
      expect(text).not.toMatch(/<script>alert|<img (?!src="\/board\/)|<iframe|<style>|<b onclick|\u202e|\u200b/)
      expect(text).not.toMatch(/src="https?:|(src|href)="javascript:/)
    }
    const run = await page('/runs/3')
    expect(run).toContain('[a](javascript:alert(3))')
    expect(run).toMatch(
      /<a href="https:\/\/tracker\.example\/y\.png" rel="noreferrer nofollow ugc">b <span[^>]*>image, tracker/,
    )
    expect(run).toContain('&lt;iframe')
    expect(await page('/runs/4')).toContain('W'.repeat(32_000))
  })
})
