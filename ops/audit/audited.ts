import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import type { Deployment } from '../../src/api/deployment.ts'
import type { IndexReader } from '../../src/api/queries/indexReader.ts'
import type { Snapshot } from '../../src/api/queries/snapshot.ts'
import type { ChainLogs } from './chainLogs.ts'
import type { ChainState } from './chainState.ts'
import type { Difference } from './difference.ts'

/** What a deployment served at one block, and the chain that it must equal. */
export type Audited = {
  deployment: Deployment
  /** The block of the copy. `state` reads the contracts at this block, and `logs` are read up to it. */
  block: Snapshot
  /** Reads the copied tables. Its clock must be 0, so that it derives an agent's status at the block's time. */
  index: IndexReader
  /** A connection to the copied tables and the audit's own. */
  client: pg.ClientBase
  db: NodePgDatabase
  state: ChainState
  logs: ChainLogs
}

/** What one step compared. */
type Step = {
  differences: Difference[]
  compared: number
  /** Where the next step begins; undefined after the last. */
  next: bigint | undefined
  /** How much of the phase is done, from 0 to 1. */
  share: number
}

/** A part of the audit. Each of its steps leaves the audit's own tables as the next step needs them. */
export type Phase = {
  name: 'events' | 'runs' | 'agents' | 'payees' | 'bands'
  /** Where the first step begins. */
  first: (audited: Audited) => bigint
  step: (audited: Audited, from: bigint) => Promise<Step>
}
