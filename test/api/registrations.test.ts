import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { agent, run, storedURI } from '../../ponder.schema.ts'
import { blockContent } from '../../src/api/content/block.ts'
import { checkContent } from '../../src/api/content/checkContent.ts'
import { cidOf, uriOf } from '../../src/api/content/cid.ts'
import { post } from '../../src/api/content/post.ts'
import { readEvents } from '../support/readEvents.ts'
import { claimedRun, seedTime, stakedAgent } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

const limits = { clientBytes: 1_000_000, totalBytes: 100_000_000 }

const file = {
  type: 'https://eips.ethereum.org/EIPS/eip-8004#registration-v1',
  name: 'Translator',
  description: 'Translates "pages" \u202e and <b>books</b>.',
  services: [{ name: 'MCP', endpoint: 'https://agent.example/mcp' }],
}

const long = { name: 'Long', description: '👾'.repeat(1_200) }

/** JSON that is no registration file, or none with a name in one line. */
const others = [
  { title: 'A brief' },
  { name: 'Two\nlines' },
  { name: 'N'.repeat(121) },
  { name: 7 },
  ['name'],
  { name: 'No\0NUL' },
]

let index: IndexedDatabase
let api: TestApi
let pool: pg.Pool
let block = 10n

const bytesOf = (json: unknown) => new TextEncoder().encode(JSON.stringify(json))
const uriOfJson = async (json: unknown) => uriOf(await cidOf(bytesOf(json)))
const nextBlock = () => index.moveTo({ number: ++block, timestamp: seedTime })

async function postJson(json: unknown) {
  const bytes = bytesOf(json)
  const checked = checkContent('application/json', bytes)
  if ('complaint' in checked) throw new Error(checked.complaint)
  const { brief, registration } = checked
  const posted = { cid: await cidOf(bytes), mediaType: 'application/json', bytes, client: 'a' } as const
  expect((await post(pool, { ...posted, brief, registration }, limits)).status).toBe('stored')
}

const get = async (path: string) => (await api.get(`${path}${path.includes('?') ? '&' : '?'}minBlock=${block}`)).body

beforeAll(async () => {
  index = await emptyIndex()
  const uris = await Promise.all([file, long, ...others].map(uriOfJson))
  const named = uris.map((agentURI, place) => stakedAgent(BigInt(place + 1), { agentURI, updatedBlock: 11n }))
  await index.db.insert(agent).values([...named, stakedAgent(100n, { agentURI: null })])
  await nextBlock()
  pool = new pg.Pool({ connectionString: index.url, max: 2 })
  api = await testApi(index.url, () => Number(seedTime) * 1_000)
  return () => Promise.all([api.close(), pool.end(), index.close()])
})

it('agents have null where their registration file is not stored here, and its name and description once it is', async () => {
  expect(await get('/api/agents/1')).toMatchObject({ name: null, description: null })
  await postJson(file)
  await nextBlock()
  const { name, description } = file
  expect(await get('/api/agents/1')).toMatchObject({ name, description })
  expect(await get('/api/agents/1/stake')).toMatchObject({ name, description })
  const { agents } = await get('/api/agents')
  expect(agents[0]).toMatchObject({ id: 1, name, description })
  expect(agents.at(-1)).toMatchObject({ id: 100, agentURI: null, name: null, description: null })
})

it('a description is cut after 1,000 characters', async () => {
  await postJson(long)
  await nextBlock()
  expect(await get('/api/agents/2')).toMatchObject({ name: 'Long', description: '👾'.repeat(1_000) })
})

it('other JSON gives agents no name', async () => {
  for (const json of others) await postJson(json)
  await nextBlock()
  for (const place of others.keys())
    expect(await get(`/api/agents/${place + 3}`)).toMatchObject({ name: null, description: null })
})

it('a stream sends an agent with its name', async () => {
  const response = await api.app.request('/api/stream?types=agent')
  if (!response.body) throw new Error('The stream has no body')
  const reader = readEvents(response.body)
  await reader.next()
  await index.moveTo({ number: ++block, timestamp: seedTime }, (tx) =>
    tx.update(agent).set({ completions: 1, updatedBlock: block }),
  )
  const events = await reader.next(2)
  expect(events.map(({ data }) => [data.id, data.name])).toEqual([
    [1, file.name],
    [2, long.name],
  ])
  await reader.stop()
})

it('agents lose the name once the file is taken down', async () => {
  const client = await pool.connect()
  await blockContent(client, await cidOf(bytesOf(file)))
  client.release()
  await nextBlock()
  expect(await get('/api/agents/1')).toMatchObject({ name: null, description: null })
})

describe('a registration file in the URI itself', () => {
  const base64 = (json: unknown) =>
    Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)).toString('base64')
  const image = 'https://agent.example/logo.png'
  const whole = { ...file, image }

  const named = [
    `data:application/json;base64,${base64(whole)}`,
    `data:application/json,${encodeURIComponent(JSON.stringify(whole))}`,
    `DATA:application/json;charset=utf-8;base64,${base64(whole).replaceAll('=', '%3D')}`,
  ]

  const nameless = [
    ...others.map((json) => `data:application/json;base64,${base64(json)}`),
    'data:application/json;base64,',
    'data:application/json;base64',
    'data:application/json;base64,{"name":"Plain"}',
    `data:application/json;base64,${base64(whole)}!`,
    `data:application/json;base64,${Buffer.from([0x22, 0xff, 0x22]).toString('base64')}`,
    `data:application/json;base64,${base64({ name: 'Long', description: 'a'.repeat(2_000) })}`,
    `data:application/json;base64,${base64(`{"name":"Deep","a":${'['.repeat(600)}${']'.repeat(600)}}`)}`,
    'data:application/json,%7B%22name%22:%22%FF%22%7D',
    'data:application/json,{"name":"100%"}',
    `data:application/json${';'.repeat(2_000)}`,
    `data:text/plain;base64,${base64(whole)}`,
  ]

  beforeAll(async () => {
    const uris = [...named, ...nameless]
    const rows = uris.map((uri, place) => stakedAgent(BigInt(place + 200), storedURI(uri)))
    await index.db.insert(agent).values(rows)
    await index.db.insert(run).values(claimedRun(1n, { claimedBy: 200n }))
    await nextBlock()
  })

  it.each([...named.keys()])('names its agent: form %i', async (place) => {
    const { name, description } = file
    expect(await get(`/api/agents/${place + 200}`)).toMatchObject({ name, description })
    expect(await get(`/api/agents/${place + 200}/stake`)).toMatchObject({ name, description })
  })

  it('gives no name and no error where it is no such file, or the stored URI has a part of it alone', async () => {
    for (const [place, uri] of nameless.entries()) {
      const { name, description } = await get(`/api/agents/${place + 200 + named.length}`)
      expect([uri, name, description]).toEqual([uri, null, null])
    }
  })

  it('names the agent on the board, whose page shows services and image as text', async () => {
    const page = async (path: string) => (await api.app.request(path)).text()
    expect(await page('/?state=ANY')).toContain(file.name)
    const text = await page('/agents/200')
    expect(text).toMatch(/<h1>.*Translator/)
    expect(text).toContain('<bdi class="chain">https://agent.example/mcp</bdi>')
    expect(text).toContain(`<bdi class="chain">${image}</bdi>`)
    expect(await page('/agents/203')).not.toContain('<dt>Services</dt>')
  })
})
