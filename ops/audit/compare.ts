import { inTransaction } from '../database/inTransaction.ts'
import type { Audited, Phase } from './audited.ts'
import { readDifferences } from './chainTables.ts'
import { compareEvents } from './events.ts'
import { compareAgents, comparePayees, compareRuns } from './state.ts'
import { compareCounts } from './totals.ts'

const phases = {
  events: compareEvents,
  runs: compareRuns,
  agents: compareAgents,
  payees: comparePayees,
  counts: compareCounts,
} satisfies Record<string, Phase>

type PhaseName = keyof typeof phases

export type Result = { differences: string[]; compared: Record<PhaseName, number> }

/** Called when a phase begins, and after each step. @param share How much of the phase is done, from 0 to 1. */
export type OnStep = (phase: PhaseName, share: number, compared: number) => void

/**
 * Compares everything, and resumes an interrupted audit: each step and its results are one database transaction.
 * @throws if the chain cannot be read at the block.
 */
export async function compareAll(audited: Audited, onStep: OnStep): Promise<Result> {
  const compared = { events: 0, runs: 0, agents: 0, payees: 0, counts: 0 }
  // In this order: each phase relies on what the earlier ones have read.
  for (const name of Object.keys(compared) as PhaseName[]) compared[name] = await comparePhase(audited, name, onStep)
  return { differences: await readDifferences(audited.client), compared }
}

async function comparePhase(audited: Audited, name: PhaseName, onStep: OnStep): Promise<number> {
  const { client } = audited
  const { rows } = await client.query<{ next: string | null; compared: string }>(
    'SELECT next, compared FROM progress WHERE phase = $1',
    [name],
  )
  const [{ next: resumed, compared: before } = { next: '0', compared: '0' }] = rows
  let next = resumed === null ? undefined : BigInt(resumed)
  let compared = Number(before)
  if (compared === 0) onStep(name, 0, 0)
  while (next !== undefined) {
    const from: bigint = next
    const step = await inTransaction(client, async () => {
      const step = await phases[name](audited, from)
      await client.query(
        `INSERT INTO progress (phase, next, compared) VALUES ($1, $2, $3)
         ON CONFLICT (phase) DO UPDATE SET next = excluded.next, compared = excluded.compared`,
        [name, step.next?.toString() ?? null, compared + step.compared],
      )
      return step
    })
    compared += step.compared
    next = step.next
    onStep(name, step.share, compared)
  }
  return compared
}
