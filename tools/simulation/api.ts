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
    feesPaid: decimal(agent.feesPaid),
    ownerAddress: agent.owner,
    walletAddress: agent.agentWallet ?? agent.owner,
    agentURI: agent.agentURI,
    agentURITruncated: agent.agentURITruncated,
    frozen: agent.frozen,
    banned: agent.banned,
  }
}
