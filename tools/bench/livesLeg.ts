import type { CpuMeter } from './cpuMeter.ts'
import { gasBetween, type Life, type LivesMarket } from './livesMarket.ts'

/** How a life makes each of its steps. The ids are of its agent and its run. */
export type Steps = {
  register: (life: Life) => Promise<bigint>
  stake: (life: Life, agentId: bigint) => Promise<void>
  post: (life: Life) => Promise<bigint>
  claim: (life: Life, agentId: bigint, runId: bigint) => Promise<void>
  start: (life: Life, runId: bigint) => Promise<void>
  submit: (life: Life, runId: bigint) => Promise<void>
  approve: (life: Life, runId: bigint) => Promise<void>
}

export type StepName = keyof Steps

export const stepNames = [
  'register',
  'stake',
  'post',
  'claim',
  'start',
  'submit',
  'approve',
] as const satisfies StepName[]

/** Milliseconds of each step of all lives, and what all of them took. */
export type LivesResult = {
  times: Record<StepName, number[]>
  seconds: number
  gas: number
  transactions: number
}

/**
 * Lets all accounts live, `clients` lives at a time: the first ones without being measured, because they warm up the
 * processes.
 * @throws if a life does not end as approved.
 */
export async function live(
  market: LivesMarket,
  steps: Steps,
  { warmUp, clients, meter }: { warmUp: number; clients: number; meter: CpuMeter },
): Promise<LivesResult> {
  await liveAll(steps, market.accounts.slice(0, warmUp), clients)
  const first = (await market.client.getBlockNumber({ cacheTime: 0 })) + 1n
  const start = performance.now()
  const measured = market.accounts.slice(warmUp)
  const times = await meter.during(market.pids, () => liveAll(steps, measured, clients))
  const seconds = (performance.now() - start) / 1_000
  const last = await market.client.getBlockNumber({ cacheTime: 0 })
  await assertApproved(market)
  return { times, seconds, ...(await gasBetween(market, first, last)) }
}

/** @returns the milliseconds of each step. */
async function liveAll(steps: Steps, lives: readonly Life[], clients: number): Promise<LivesResult['times']> {
  const times = Object.fromEntries(stepNames.map((name) => [name, [] as number[]])) as LivesResult['times']
  const queue = lives.values()

  async function timed<T>(name: StepName, step: Promise<T>): Promise<T> {
    const start = performance.now()
    const result = await step
    times[name].push(performance.now() - start)
    return result
  }

  async function liveOnce(life: Life) {
    const agentId = await timed('register', steps.register(life))
    await timed('stake', steps.stake(life, agentId))
    const runId = await timed('post', steps.post(life))
    await timed('claim', steps.claim(life, agentId, runId))
    await timed('start', steps.start(life, runId))
    await timed('submit', steps.submit(life, runId))
    await timed('approve', steps.approve(life, runId))
  }

  async function client() {
    for (const life of queue) await liveOnce(life)
  }

  await Promise.all(Array.from({ length: clients }, client))
  return times
}

/** @throws unless each life has one run, which is approved, as the chain has it. */
async function assertApproved({ client, market, accounts }: LivesMarket) {
  const approved = await client.getContractEvents({ ...market, eventName: 'BountyApproved', fromBlock: 0n })
  const runs = new Set(approved.map(({ args }) => args.bountyId))
  const posted = await market.read.bountyCount()
  if (runs.size !== accounts.length || posted !== BigInt(accounts.length))
    throw new Error(`${accounts.length} lives have ${posted} runs, of which ${runs.size} are approved`)
}
