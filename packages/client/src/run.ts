import type { components } from './api.ts'
import type { AnyId } from './reads.ts'

type Run = components['schemas']['Run']

/** A run as its caller has read it, in full or of a list. What it names is all that the client signs. */
export type ReadRun = { bountyId: AnyId } & Partial<
  Pick<Run, 'state' | 'reward' | 'stakeRequired' | 'workPeriod' | 'evaluator' | 'round' | 'revisions'>
>

/** A run's id, or the run as it was read: then the client signs for its terms, its round and its revision only. */
export type AnyRun = AnyId | ReadRun

export const runOf = (run: AnyRun): ReadRun => (typeof run === 'object' ? run : { bountyId: run })

/** The revision that the last delivery answers. Undefined if the run does not say. */
export const lastDeliveryOf = ({ state, revisions }: ReadRun): number | undefined =>
  state === 'REVISION_REQUESTED' && revisions !== undefined ? revisions - 1 : revisions
