import { compare, type Difference, type Truth } from './oracle.ts'
import type { ReplayedAgent, ReplayedRun } from './replay.ts'

export type Json = Record<string, unknown>

/** The API as a client sees it. */
export type Api = { url: string }

/** One answer: its status, its body, and the block that its headers name. */
export type Answer = { status: number; body: Json; block: string | null; hash: string | null }

export async function request(api: Api, path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(`${api.url}${path}`, { ...init, signal: AbortSignal.timeout(30_000) })
  return {
    status: response.status,
    body: (await response.json()) as Json,
    block: response.headers.get('X-Indexed-Block'),
    hash: response.headers.get('X-Indexed-Hash'),
  }
}

/** @throws on any status but 200. */
async function get(api: Api, path: string): Promise<Json> {
  const { status, body } = await request(api, path)
  if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${JSON.stringify(body)}`)
  return body
}

/**
 * Compares every run and agent, in lists and alone, with the truth at its block, which must be the chain's latest.
 * @returns the differences; empty if the index equals the chain.
 */
export async function compareApi(api: Api, truth: Truth): Promise<Difference[]> {
  return [...(await compareRuns(api, truth)), ...(await compareAgents(api, truth))]
}

async function compareRuns(api: Api, { runs, blockNumber, timestamp }: Truth): Promise<Difference[]> {
  const listed = await readPages(api, `/api/runs?minBlock=${blockNumber}`, 'runs')
  const newestFirst = [...runs.keys()].sort((left, right) => Number(right - left))
  const differences = compare(
    'list of runs',
    { ids: newestFirst.join() },
    { ids: listed.map(({ bountyId }) => bountyId).join() },
  )
  for (const run of runs.values()) {
    const expected = runJson(run, timestamp)
    const summary = listed.find(({ bountyId }) => bountyId === Number(run.bountyId)) ?? {}
    const single = await get(api, `/api/runs/${run.bountyId}?minBlock=${blockNumber}`)
    differences.push(...compare(`run ${run.bountyId} in the list`, pick(expected, Object.keys(summary)), summary))
    differences.push(...compare(`run ${run.bountyId}`, expected, single))
  }
  return differences
}

async function compareAgents(api: Api, { agents, statuses, blockNumber }: Truth): Promise<Difference[]> {
  const listed = await readPages(api, `/api/agents?minBlock=${blockNumber}`, 'agents')
  const differences: Difference[] = []
  for (const agent of agents.values()) {
    const expected = { ...agentJson(agent), status: statuses.get(agent.id) }
    const single = await get(api, `/api/agents/${agent.id}?minBlock=${blockNumber}`)
    const summary = listed.find(({ id }) => id === Number(agent.id)) ?? {}
    differences.push(...compare(`agent ${agent.id} in the list`, expected, summary))
    differences.push(...compare(`agent ${agent.id}`, expected, single))
  }
  return differences
}

async function readPages(api: Api, path: string, key: string): Promise<Json[]> {
  const items: Json[] = []
  for (let page = 1; ; page++) {
    const body = await get(api, `${path}&limit=100&page=${page}`)
    items.push(...(body[key] as Json[]))
    if (page >= (body.pagination as { totalPages: number }).totalPages) return items
  }
}

export const pick = (object: Json, keys: string[]) =>
  Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)))

const iso = (seconds: bigint | null) => (seconds === null ? null : new Date(Number(seconds) * 1000).toISOString())

const decimal = (amount: bigint | null) => (amount === null ? null : amount.toString())

/** The run as the API must show it at chain time `now` or later. Callers keep chain time ahead of the machine's. */
export function runJson(run: ReplayedRun, now: bigint): Json {
  return {
    bountyId: Number(run.bountyId),
    posterAddress: run.posterAddress,
    ipfsHash: run.ipfsHash,
    reward: decimal(run.reward),
    fee: decimal(run.fee),
    deadline: iso(run.deadline),
    state: run.state,
    claimedBy: run.claimedBy === null ? null : Number(run.claimedBy),
    claimedByWallet: run.claimedByWallet,
    stake: decimal(run.stake),
    deliverableHash: run.deliverableHash,
    feedbackHash: run.feedbackHash,
    claimedAt: iso(run.claimedAt),
    submittedAt: iso(run.submittedAt),
    submitBy: iso(run.submitBy),
    reviewBy: iso(run.reviewBy),
    revisions: run.revisions,
    round: run.round,
    createdAt: iso(run.createdAt),
    workPeriod: run.workPeriod,
    stakeRequired: decimal(run.stakeRequired),
    evaluator: run.evaluator,
    claimable: run.state === 'OPEN' && now <= run.deadline,
  }
}

export function agentJson(agent: ReplayedAgent): Json {
  return {
    id: Number(agent.id),
    stakedAmount: decimal(agent.stakedAmount),
    lockedAmount: decimal(agent.lockedAmount),
    stakedAt: agent.stakedAt === 0n ? null : iso(agent.stakedAt),
    completions: agent.completions,
    slashes: agent.slashes,
    volume: decimal(agent.volume),
    ownerAddress: agent.owner,
    walletAddress: agent.agentWallet ?? agent.owner,
    agentURI: agent.agentURI,
    frozen: agent.frozen,
    banned: agent.banned,
  }
}
