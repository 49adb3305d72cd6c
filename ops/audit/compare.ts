import { agents } from './agents.ts'
import type { Audited, Phase } from './audited.ts'
import { formatDifference } from './difference.ts'
import { events } from './events.ts'
import { runs } from './runs.ts'
import { bands, payees } from './totals.ts'

/** In this order: each phase relies on what the earlier ones have compared. */
const phases: readonly Phase[] = [events, runs, agents, payees, bands]

export type Result = { differences: string[]; compared: Record<Phase['name'], number> }

/** Called when a phase begins, and after each step. @param share How much of the phase is done, from 0 to 1. */
export type OnStep = (phase: Phase['name'], share: number, compared: number) => void

/**
 * Compares everything, and resumes an interrupted audit: each step and its results are one database transaction.
 * @throws if the chain cannot be read at the block.
 */
export async function compareAll(audited: Audited, onStep: OnStep): Promise<Result> {
  const compared = { events: 0, runs: 0, agents: 0, payees: 0, bands: 0 }
  for (const phase of phases) compared[phase.name] = await comparePhase(audited, phase, onStep)
  const { rows } = await audited.client.query<{ line: string }>('SELECT line FROM difference ORDER BY place')
  return { differences: rows.map(({ line }) => line), compared }
}

async function comparePhase(audited: Audited, phase: Phase, onStep: OnStep): Promise<number> {
  let { next, compared } = await readProgress(audited, phase)
  if (compared === 0) onStep(phase.name, 0, 0)
  while (next !== undefined) {
    const from: bigint = next
    const step = await inTransaction(audited, async () => {
      const step = await phase.step(audited, from)
      await storeProgress(audited, phase, compared + step.compared, step)
      return step
    })
    compared += step.compared
    next = step.next
    onStep(phase.name, step.share, compared)
  }
  return compared
}

/** Where the phase resumes; `next` is undefined if it is done. */
async function readProgress(audited: Audited, phase: Phase): Promise<{ next: bigint | undefined; compared: number }> {
  const { rows } = await audited.client.query<{ next: string | null; compared: string }>(
    'SELECT next::text, compared FROM progress WHERE phase = $1',
    [phase.name],
  )
  const [row] = rows
  if (!row) return { next: phase.first(audited), compared: 0 }
  return { next: row.next === null ? undefined : BigInt(row.next), compared: Number(row.compared) }
}

async function storeProgress(
  { client }: Audited,
  { name }: Phase,
  compared: number,
  step: Awaited<ReturnType<Phase['step']>>,
) {
  await client.query('INSERT INTO difference (line) SELECT unnest($1::text[])', [
    step.differences.map(formatDifference),
  ])
  await client.query(
    `INSERT INTO progress (phase, next, compared) VALUES ($1, $2, $3)
     ON CONFLICT (phase) DO UPDATE SET next = excluded.next, compared = excluded.compared`,
    [name, step.next?.toString() ?? null, compared],
  )
}

async function inTransaction<Result>({ client }: Audited, work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN')
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}
