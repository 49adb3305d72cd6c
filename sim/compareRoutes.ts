import type { Api } from './api.ts'
import type { Difference, Truth } from './oracle.ts'

/** How long an answer may take: each may wait for its block. */
const TIMEOUT_MILLISECONDS = 30_000

/** Minimum rewards below, at and above the rewards of the simulation, in whole USDC. */
const LEAST_REWARDS = ['0', '0.01', '50', '100', '199.99', '200', '1000000']

const SORTS = ['createdAt', 'reward', 'deadline']

/** Rows per page: few enough that lists have several pages. */
const LIMIT = 7

/**
 * Sends the same requests for every read route to two APIs and compares the answers byte by byte: equal indexes answer
 * alike. Follows the cursors of each list to its end.
 * @param expected The API of an index that is known to be right.
 */
export async function compareRoutes(expected: Api, actual: Api, truth: Truth): Promise<Difference[]> {
  const differences: Difference[] = []
  let requests = 0
  for (const path of paths(truth)) {
    for (let next: string | null = path; next !== null; ) {
      const [right, answer]: string[] = await Promise.all([ask(expected, next), ask(actual, next)])
      requests++
      if (answer !== right) differences.push({ subject: next, field: 'answer', expected: right, actual: answer })
      next = followed(path, right)
    }
  }
  if (requests === 0) throw new Error('The market has no run and no agent to request')
  return differences
}

/** Status, block headers and body of an answer. */
async function ask({ url }: Api, path: string): Promise<string> {
  const response = await fetch(url + path, { signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) })
  const block = ['X-Indexed-Block', 'X-Indexed-Hash', 'ETag'].map((name) => response.headers.get(name))
  return [response.status, ...block, await response.text()].join(' ')
}

/** The path of the next page, where the answer has a cursor. */
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
