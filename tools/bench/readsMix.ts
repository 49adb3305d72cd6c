import { runStates } from '../../ponder.schema.ts'
import { BRIEF_TAGS, BRIEF_WORDS, briefTag, briefWord } from '../../test/support/manyBriefs.ts'
import { busyAgent, whale } from '../../test/support/manyRuns.ts'
import { createRandom } from '../simulation/random.ts'
import { isQuick } from './workload.ts'

/** Requests that are drawn, and then repeated. More than a load sends within one second. */
const DRAWN = isQuick ? 500 : 5_000

/** Of a hundred requests, how many ask for one of the popular lists. */
const POPULAR_PERCENT = 20

/** Front pages, the most popular first: the n-th is asked for in proportion to 1 / n (Zipf's law). */
const popular = [
  '',
  'claimable=true',
  'state=OPEN',
  'claimable=true&sort=reward',
  'state=OPEN&minReward=100',
  'claimable=true&sort=deadline&order=asc',
  `poster=${whale}`,
  'state=APPROVED',
  `claimedBy=${busyAgent}`,
  'minReward=500',
]

/** The members of a list's `pagination` that a mix needs. */
export type Pagination = { totalPages: number; nextCursor: string | null }

/**
 * Draws lists as a market's clients ask for them: a share for the same front pages, which requests may share; the
 * others with filters, order, limit and page of their own. Of those, a quarter go on with the cursor of the page. Every
 * page exists, because an answer without runs would make a small market look faster than a large one.
 * @param paginationOf reads the pagination of a list.
 * @param options.areSearched whether some of the lists have words and tags.
 * @returns the queries of `/api/runs`. A seed repeats them.
 */
export async function drawMix(
  seed: number,
  paginationOf: (query: string) => Promise<Pagination>,
  { areSearched }: { areSearched: boolean },
): Promise<string[]> {
  const random = createRandom(seed)
  const weights = Object.fromEntries(popular.map((query, place) => [query, Math.round(1_000 / (place + 1))]))
  const queries: string[] = []
  for (let drawn = 0; drawn < DRAWN; drawn++) {
    if (random.chance(POPULAR_PERCENT / 100)) queries.push(random.weighted(weights))
    else queries.push(await drawList())
  }
  return queries

  async function drawList() {
    const query = new URLSearchParams()
    if (random.chance(0.3)) query.set('state', random.pick(runStates))
    if (random.chance(0.3)) query.set('minReward', randomReward(random.int(0, 100_000)))
    if (!query.has('state') && random.chance(0.3)) query.set('claimable', String(random.chance(0.8)))
    if (query.size === 0 && random.chance(0.3)) query.set(...drawParty())
    if (areSearched && random.chance(0.1)) query.set('q', wordOf(random.int(0, 99_999) / 100_000))
    if (areSearched && random.chance(0.05)) query.set('tag', tagOf(random.int(0, 99_999) / 100_000))
    query.set('sort', random.pick(['createdAt', 'reward', 'deadline']))
    query.set('order', random.pick(['asc', 'desc']))
    query.set('limit', String(random.int(5, 54)))
    const { totalPages, nextCursor } = await paginationOf(query.toString())
    if (random.chance(0.25)) {
      if (nextCursor !== null) query.set('cursor', nextCursor)
    } else query.set('page', String(1 + (random.int(0, 39) % Math.max(totalPages, 1))))
    return query.toString()
  }

  function drawParty(): [string, string] {
    return random.weighted({ poster: 2, agent: 1 }) === 'poster'
      ? ['poster', whale]
      : ['claimedBy', String(random.int(1, 10_000))]
  }
}

/** @param cents of whole USDC. */
const randomReward = (cents: number) => (cents / 100).toFixed(2)

/** A word of the briefs: one that few have as often as one that many have. @param share from 0 to 1. */
const wordOf = (share: number) => briefWord(Math.floor(BRIEF_WORDS ** share))

/** A tag, drawn as briefs use them: they are links on the pages of runs. @param share from 0 to 1. */
const tagOf = (share: number) => briefTag(Math.floor(BRIEF_TAGS ** share))

/**
 * Searches, in each request for another word or tag as briefs use them, for a word that few briefs have, and for each tag in
 * turn, of which one of two has fewer than 4,000 briefs in a million.
 */
export const anyWord = (n: number) => `q=${wordOf(((n * 7_919) % 100_000) / 100_000)}`
export const rareWord = (n: number) => `q=${briefWord(BRIEF_WORDS - ((n * 7_919) % (BRIEF_WORDS / 2)))}`
export const anyTag = (n: number) => `tag=${tagOf(((n * 7_919) % 100_000) / 100_000)}`
export const eachTag = (n: number) => `tag=${briefTag(1 + ((n * 7_919) % BRIEF_TAGS))}`

/** A list with another `minReward` for each request. */
export const withAnyReward = (n: number) => `minReward=${randomReward((n * 7_919) % 100_000)}`

/** Open runs with another `minReward` for each request, up to 500 USDC, so that each page is full. */
export const openWithAnyReward = (n: number) => `state=OPEN&minReward=${randomReward((n * 7_919) % 50_000)}`
