import { createHash } from 'node:crypto'
import type { Mutant } from './mutants.ts'

/** At most `size` mutants of each operator, in their order. The same for the same seed, as long as their names stay. */
export function sampleOf(mutants: readonly Mutant[], size: number, seed: string): Mutant[] {
  const lots = new Map(
    mutants.map((mutant) => [mutant, createHash('sha256').update(`${seed} ${mutant.name}`).digest('hex')]),
  )
  const lotOf = (mutant: Mutant) => lots.get(mutant) ?? ''
  const drawn = Object.values(Object.groupBy(mutants, ({ operator }) => operator)).flatMap((group = []) =>
    group.toSorted((a, b) => lotOf(a).localeCompare(lotOf(b))).slice(0, size),
  )
  return drawn.toSorted((a, b) => a.number - b.number)
}
