import type { Answer, Json } from './api.ts'
import { compare, type Difference, statusOf, type Truth } from './oracle.ts'
import type { ReplayedAgent } from './replay.ts'

/** States in which the market holds reward and fee in escrow. */
const escrowing = ['OPEN', 'CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED']

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n).toString()

/** Compares each figure of `/api/stats` with a count of the rows at the block. */
export function compareStats(subject: string, { body }: Answer, { timestamp, state }: Truth): Difference[] {
  const runs = [...state.runs.values()]
  const agents = [...state.agents.values()]
  const { runs: runCounts, agents: agentCounts, ...amounts } = body as Record<string, Json>
  const byState = runCounts?.byState as Json
  const byStatus = agentCounts?.byStatus as Json
  const isClaimable = (run: (typeof runs)[number]) => run.state === 'OPEN' && timestamp <= run.deadline
  const inStatus = (status: string) => (agent: ReplayedAgent) => statusOf(agent, timestamp) === status
  const countIn = (state: string) => runs.filter((run) => run.state === state).length
  return [
    ...compare(`${subject}, runs`, { total: runs.length, claimable: runs.filter(isClaimable).length }, runCounts ?? {}),
    ...compare(`${subject}, runs`, mapKeys(byState, countIn), byState),
    ...compare(`${subject}, agents`, { total: agents.length }, agentCounts ?? {}),
    ...compare(
      `${subject}, agents`,
      mapKeys(byStatus, (status) => agents.filter(inStatus(status)).length),
      byStatus,
    ),
    ...compare(
      subject,
      {
        escrowed: sum(runs.filter((run) => escrowing.includes(run.state)).map(({ reward, fee }) => reward + fee)),
        paid: sum(runs.filter((run) => run.state === 'APPROVED').map(({ reward }) => reward)),
        feesPaid: sum(agents.map(({ feesPaid }) => feesPaid)),
        // No account is blacklisted in a simulation.
        owed: '0',
        staked: sum(agents.map(({ stakedAmount }) => stakedAmount)),
        locked: sum(agents.map(({ lockedAmount }) => lockedAmount)),
      },
      amounts,
    ),
  ]
}

const mapKeys = (object: Json, value: (key: string) => unknown): Json =>
  Object.fromEntries(Object.keys(object).map((key) => [key, value(key)]))
