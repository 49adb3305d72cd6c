import type { Audited, Phase, Step } from './audited.ts'
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

/** @throws if the chain cannot be read at the block. */
export async function compareAll(audited: Audited, onStep: OnStep): Promise<Result> {
  const compared = { events: 0, runs: 0, agents: 0, payees: 0, counts: 0 }
  // In this order: each phase relies on what the earlier ones have read.
  for (const name of Object.keys(compared) as PhaseName[]) {
    onStep(name, 0, 0)
    for (let next: bigint | undefined = 0n; next !== undefined; ) {
      const step: Step = await phases[name](audited, next)
      compared[name] += step.compared
      next = step.next
      onStep(name, step.share, compared[name])
    }
  }
  return { differences: await readDifferences(audited.client), compared }
}
