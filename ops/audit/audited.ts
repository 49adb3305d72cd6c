import type pg from 'pg'
import type { Deployment } from '../../core/deployment.ts'
import type { Snapshot } from '../../src/api/index/snapshot.ts'
import type { ChainLogs } from './chainLogs.ts'
import type { ChainState } from './chainState.ts'

/** What a deployment served at one block, and the chain that it must equal. */
export type Audited = {
  deployment: Deployment
  /** The block of the copy. `state` reads the contracts at this block, and `logs` are read up to it. */
  block: Snapshot
  /** A connection to the copied tables and the audit's own. */
  client: pg.ClientBase
  state: ChainState
  logs: ChainLogs
}

/** What one step did. */
export type Step = {
  /** How many rows of the chain it has read. */
  compared: number
  /** Where the next step begins; undefined after the last. */
  next: bigint | undefined
  /** How much of the phase is done, from 0 to 1. */
  share: number
}

/**
 * One step of a part of the audit: it adds rows of the chain to the audit's own tables. The last step compares them with
 * the copied tables.
 * @param from 0 in the first step.
 */
export type Phase = (audited: Audited, from: bigint) => Promise<Step>
