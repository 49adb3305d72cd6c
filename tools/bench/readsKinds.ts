import { runStates } from '../../ponder.schema.ts'
import { createRandom, type Random } from '../../test/simulation/random.ts'
import { BRIEF_TAGS, BRIEF_WORDS, briefTag, briefWord } from '../../test/support/manyBriefs.ts'
import { whale } from '../../test/support/manyRuns.ts'
import type { Kind } from './arrivals.ts'
import { AGENTS, type ReadsMarket } from './readsMarket.ts'

/** Of lists with a page, how many follow a cursor instead. */
const CURSOR_SHARE = 0.25
const FIRST_PAGES = 10

/** The lists of each kind whose cursors are asked for beforehand. */
const CURSORS_A_KIND = 20

type Filter = (random: Random) => Record<string, string>

const anyReward = ({ int }: Random) => (int(0, 100_000) / 100).toFixed(2)

const filters: Record<string, Filter> = {
  'all runs': () => ({}),
  'a state': ({ pick }) => ({ state: pick(runStates) }),
  'a least reward': (random) => ({ minReward: anyReward(random) }),
  'a state, a least reward': (random) => ({ state: random.pick(runStates), minReward: anyReward(random) }),
  claimable: () => ({ claimable: 'true' }),
  'claimable, a least reward': (random) => ({ claimable: 'true', minReward: anyReward(random) }),
  'not claimable': () => ({ claimable: 'false' }),
  'a poster of half': () => ({ poster: whale }),
  'an evaluator': () => ({ evaluator: whale }),
  'a claimant': () => ({ claimant: whale }),
  'claimable by any wallet': () => ({ claimable: 'true', claimant: 'none' }),
  'a claiming agent': ({ int }) => ({ claimedBy: String(int(1, AGENTS)) }),
}

export type Lists = Awaited<ReturnType<typeof drawLists>>

/** Prepares lists of each kind of filter, in any order, on one of the first ten pages or after a cursor. */
export async function drawLists({ api }: ReadsMarket) {
  const random = createRandom(1)
  const draw = (filter: Filter) => {
    const order = { sort: random.pick(['createdAt', 'reward', 'deadline']), order: random.pick(['asc', 'desc']) }
    return { ...filter(random), ...order, limit: String(random.int(5, 54)) }
  }

  async function withCursor(filter: Filter) {
    const list = draw(filter)
    const response = await fetch(`${api.url}/api/runs?${new URLSearchParams(list)}`)
    const { pagination } = (await response.json()) as { pagination: { nextCursor: string | null } }
    return pagination.nextCursor === null ? list : { ...list, cursor: pagination.nextCursor }
  }

  const drawn: Omit<Kind, 'perSecond'>[] = []
  // One kind after the other: of one address, 64 expensive lists may wait.
  for (const [name, filter] of Object.entries(filters)) {
    const followed = await Promise.all(Array.from({ length: CURSORS_A_KIND }, () => withCursor(filter)))
    const query = () =>
      random.chance(CURSOR_SHARE)
        ? random.pick(followed)
        : { ...draw(filter), page: String(random.int(1, FIRST_PAGES)) }
    const path = (n: number) => `/api/runs?${new URLSearchParams({ ...query(), minBlock: String(n) })}`
    drawn.push({ name, path })
  }
  /** So many lists a second of all kinds together. */
  return (perSecond: number): Kind[] => drawn.map((kind) => ({ ...kind, perSecond: perSecond / drawn.length }))
}

const spread = (n: number) => ((n * 7_919) % 100_000) / 100_000

/** A word or a tag as often as briefs have it: one that few have as often as one that many have. */
const search = (n: number) =>
  n % 5 === 0
    ? `tag=${briefTag(Math.floor(BRIEF_TAGS ** spread(n)))}`
    : `q=${briefWord(Math.floor(BRIEF_WORDS ** spread(n)))}`

export const searches: Kind = {
  name: 'searches',
  perSecond: 5,
  path: (n) => `/api/runs?${search(n)}&minBlock=${n}`,
}

/** A run, and whether an agent may claim it. */
export const singles = ({ runs }: ReadsMarket): Kind[] => {
  const run = (n: number) => `/api/runs/${1 + ((n * 7_919) % runs)}`
  return [
    { name: 'a run by its id', perSecond: 10, path: run },
    { name: 'eligibility', perSecond: 10, path: (n) => `${run(n)}/claim-eligibility?agentId=${1 + (n % AGENTS)}` },
  ]
}

/** What costs the API and PostgreSQL most: searches, far pages, and pages of what is counted one by one. */
export const dearest =
  ({ runs }: ReadsMarket) =>
  (n: number) => {
    const page = 1 + ((n * 7_919) % 7_000)
    const reward = (1_000 * spread(n)).toFixed(2)
    const questions = [
      search(n),
      `page=${Math.ceil(runs / 40) - (n % 1_000)}`,
      `claimable=true&page=${page}`,
      `minReward=${reward}&sort=deadline&page=${page}`,
    ]
    return `/api/runs?${questions[n % questions.length]}&minBlock=${n}`
  }
