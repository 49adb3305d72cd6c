// The most expensive posts of content: their disk space, and the delay of other posts.
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { beforeEach, expect, it } from 'vitest'
import { checkContent } from '../../src/api/content/checkContent.ts'
import { cidOf } from '../../src/api/content/cid.ts'
import { migrateContent } from '../../src/api/content/migrations.ts'
import { post } from '../../src/api/content/post.ts'
import { dropUnusedWords } from '../../src/api/content/retention.ts'
import { chainId, indexedDatabase } from './indexedDatabase.ts'

const CONNECTIONS = 4
const limits = { clientBytes: 10_000_000_000, totalBytes: 10_000_000_000 }

/** How many times its charge an item may take on disk. */
const MOST_DISK_PER_CHARGE = 2

const MOST_WORDS = 1_000

let pool: pg.Pool

beforeEach(async () => {
  const index = await indexedDatabase()
  pool = new pg.Pool({ connectionString: index.url, max: CONNECTIONS + 1, statement_timeout: 2_000 })
  await migrateContent(pool, chainId)
  return () => Promise.all([pool.end(), index.close()])
})

/** Letters that no other text has. */
const newWord = (length: number) =>
  Array.from(randomBytes(length), (byte) => String.fromCharCode(97 + (byte % 26))).join('')

/** Words that no other text has, of so many bytes together. */
const newWords = (bytes: number, length: number) =>
  Array.from({ length: Math.floor(bytes / (length + 1)) }, () => newWord(length)).join(' ')

const dearest = () => JSON.stringify({ title: 'T', description: newWords(32_700, 6) })

const shapes: Record<string, () => string> = {
  '32 kB of words of 6 letters': dearest,
  '32 kB of words of 12 letters': () => JSON.stringify({ title: 'T', description: newWords(32_700, 12) }),
  '32 kB of words of 2,000 letters': () => JSON.stringify({ title: 'T', description: newWords(32_700, 2_000) }),
  '2 kB of words of 6 letters': () => JSON.stringify({ title: 'T', description: newWords(2_000, 6) }),
  '20 long CIDs of attachments': () => {
    const attachments = Array.from({ length: 20 }, () => ({ name: 'a', cid: newWord(128), size: 1 }))
    return JSON.stringify({ title: 'T', attachments })
  },
  'a title': () => JSON.stringify({ title: newWord(8) }),
}

async function postBrief(text: string) {
  const bytes = new TextEncoder().encode(text)
  const checked = checkContent('application/json', bytes)
  if ('complaint' in checked) throw new Error(checked.complaint)
  const posted = {
    cid: await cidOf(bytes),
    mediaType: 'application/json',
    bytes,
    client: newWord(9),
    ...checked,
  } as const
  expect((await post(pool, posted, limits)).status).toBe('stored')
}

/** Runs the work of each item, so many at once. */
async function each(count: number, work: () => Promise<void>, atOnce = CONNECTIONS) {
  let left = count
  const one = async () => {
    while (left-- > 0) await work()
  }
  await Promise.all(Array.from({ length: atOnce }, one))
}

async function numberOf(expression: string): Promise<number> {
  const { rows } = await pool.query<{ value: number }>(`SELECT (${expression})::float8 AS value`)
  return rows[0]?.value ?? Number.NaN
}

const sizeOnDisk = () =>
  numberOf(
    `SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = 'content'::regnamespace AND relkind = 'r'`,
  )

/** How many briefs of each shape are posted: of 1,000, those of 6 letters take 1.31 times their charge. */
const BRIEFS = Number(process.env.BRIEFS ?? 100)

it.each(Object.entries(shapes))('briefs of %s take at most twice their charge on disk', async (name, textOf) => {
  const before = await sizeOnDisk()
  await each(BRIEFS, () => postBrief(textOf()))
  const ratio = ((await sizeOnDisk()) - before) / (await numberOf('SELECT charge FROM content.total'))
  console.log(`${BRIEFS} briefs of ${name}: ${ratio.toFixed(2)} times their charge on disk`)
  expect(ratio).toBeLessThan(MOST_DISK_PER_CHARGE)
})

it.each(['a_', '<!--', '<!-- a ', '/~', 'a-1.'])(
  'a description of %j takes PostgreSQL’s parser no seconds',
  async (repeated) => {
    await postBrief(JSON.stringify({ title: 'T', description: repeated.repeat(Math.floor(32_000 / repeated.length)) }))
  },
)

it('searches find the first words of a brief, and its tags', async () => {
  const words = Array.from({ length: 2 * MOST_WORDS }, () => newWord(10))
  await postBrief(JSON.stringify({ title: words[0], description: words.slice(1).join(' '), tags: ['tagged'] }))
  const isFound = (word = '') => numberOf(`SELECT count(*) FROM content.brief_words WHERE words @@ '${word}'::tsquery`)
  expect(await Promise.all([0, MOST_WORDS - 3, 2 * MOST_WORDS - 1].map((place) => isFound(words[place])))).toEqual([
    1, 1, 0,
  ])
  expect(await isFound("''#tagged''")).toBe(1)
})

it('a post has done all else when it waits for the total', async () => {
  const other = await pool.connect()
  await other.query('BEGIN')
  await other.query('SELECT FROM content.total FOR UPDATE')
  const posting = postBrief(dearest())
  const waiting = () =>
    numberOf(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
      AND query LIKE 'UPDATE content.total%'`)
  try {
    await expect.poll(waiting).toBe(1)
  } finally {
    other.release(true)
    await posting
  }
})

it('words of dropped briefs leave the disk', async () => {
  await each(250, () => postBrief(dearest()))
  expect(await dropUnusedWords(pool)).toBe(false)
  const sizeOfWords = () => numberOf(`pg_relation_size('content.brief_words_words')`)
  const before = await sizeOfWords()
  await pool.query('DELETE FROM content.item')
  await pool.query('UPDATE content.total SET charge = 0')
  await pool.query('VACUUM content.brief_words')
  expect(await sizeOfWords()).toBe(before)
  expect(await dropUnusedWords(pool)).toBe(true)
  expect(await sizeOfWords()).toBeLessThan(before / 100)
  expect(await dropUnusedWords(pool)).toBe(false)
})
