import type { Api } from './api.ts'
import type { Difference, Truth } from './oracle.ts'

/** The API answers of an empty index and of the simulated one may wait for a block, no longer. Milliseconds. */
const PATIENCE = 30_000

/** Rewards on both sides of those that parties offer, in whole USDC. */
const LEAST_REWARDS = ['0', '0.01', '50', '100', '199.99', '200', '1000000']

const SORTS = ['createdAt', 'reward', 'deadline']

/** So many rows to a page that lists have several. */
const LIMIT = 7

/**
 * Asks two APIs the same of every read route, and compares their answers to the byte: of two indexes that are equal,
 * they are the same. Each cursor that a list gives is followed to its end.
 * @param expected The API of an index that is right.
 */
export async function compareRoutes(expected: Api, actual: Api, truth: Truth): Promise<Difference[]> {
  const differences: Difference[] = []
  let asked = 0
  for (const path of paths(truth)) {
    for (let next: string | null = path; next !== null; ) {
      const [right, answer]: string[] = await Promise.all([ask(expected, next), ask(actual, next)])
      asked++
      if (answer !== right) differences.push({ subject: next, field: 'answer', expected: right, actual: answer })
      next = followed(path, right)
    }
  }
  if (asked === 0) throw new Error('There is nothing to ask for')
  return differences
}

/** Status, block and body: all that an answer says. */
async function ask({ url }: Api, path: string): Promise<string> {
  const response = await fetch(url + path, { signal: AbortSignal.timeout(PATIENCE) })
  const block = ['X-Indexed-Block', 'X-Indexed-Hash', 'ETag'].map((name) => response.headers.get(name))
  return [response.status, ...block, await response.text()].join(' ')
}

/** The next page of a list, where the answer has one. */
function followed(path: string, answer = ''): string | null {
  const cursor = /"nextCursor":"([^"]+)"/.exec(answer)?.[1]
  return cursor === undefined ? null : `${path}&cursor=${encodeURIComponent(cursor)}`
}

function* paths({ runs, agents, blockNumber }: Truth): Iterable<string> {
  const now = `minBlock=${blockNumber}`
  for (const filter of filters({ runs, agents })) {
    for (const sort of SORTS) {
      for (const order of ['asc', 'desc']) yield `/api/runs?${now}&limit=${LIMIT}&sort=${sort}&order=${order}${filter}`
    }
  }
  const newestAgent = Math.max(0, ...[...agents.keys()].map(Number))
  for (const id of runs.keys()) {
    yield `/api/runs/${id}?${now}`
    yield `/api/runs/${id}/events?${now}`
    for (const agentId of [1n + (id % BigInt(newestAgent + 1)), id]) {
      yield `/api/runs/${id}/claim-eligibility?agentId=${agentId}&${now}`
    }
  }
  for (const id of agents.keys()) {
    yield `/api/agents/${id}?${now}`
    yield `/api/agents/${id}/stake?${now}`
  }
  for (let page = 1; (page - 1) * LIMIT <= agents.size; page++) yield `/api/agents?${now}&limit=${LIMIT}&page=${page}`
  yield `/api/stats?${now}`
}

function* filters({ runs, agents }: Pick<Truth, 'runs' | 'agents'>): Iterable<string> {
  const all = [...runs.values()]
  yield ''
  for (const claimable of [true, false]) yield `&claimable=${claimable}`
  for (const state of new Set(all.map((run) => run.state))) yield `&state=${state}`
  for (const poster of new Set(all.map((run) => run.posterAddress))) yield `&poster=${poster}`
  for (const least of LEAST_REWARDS) yield `&minReward=${least}`
  for (const id of agents.keys()) yield `&claimedBy=${id}`
}
