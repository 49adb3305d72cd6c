import { expect } from 'vitest'
import type { Connection } from '../../../ops/database/connect.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import type { MarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { INDEXER_FINAL_ENDS, supervise } from '../../support/supervise.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { startIndexOf } from './indexOf.ts'

/** An indexer that is started again after each end, as its unit does. */
export function superviseIndexer(chain: MarketOnAnvil, databaseUrl: string, pauses: Partial<typeof PAUSES> = {}) {
  const options = { ...pauses, finalEnds: INDEXER_FINAL_ENDS, mostFailedStarts: Number.POSITIVE_INFINITY }
  const indexer = supervise(() => startIndexer({ ...chain, databaseUrl }), options)
  return {
    ...indexer,
    /** Waits until readers see the chain's latest block, and expects that each end so far asked for a restart. */
    async follow() {
      const latest = await chain.client.getBlockNumber({ cacheTime: 0 })
      await Promise.race([waitForIndex(databaseUrl, latest, 90_000), indexer.over])
      expect(indexer.ends.filter(({ how }) => how !== 'exited with code 75')).toEqual([])
    },
  }
}

/** Short ones, because a test waits for several of them. */
export const PAUSES = { firstPauseMs: 200, longestPauseMs: 2_000 }

/** Expects several ends, each of which asked for a restart, and none sooner after the one before than the shortest pause. */
export function expectPauses(ends: ReturnType<typeof supervise>['ends']): void {
  expect(ends.length).toBeGreaterThan(2)
  for (const [place, { how, at, output }] of ends.entries()) {
    expect(how, output).toBe('exited with code 75')
    const before = ends[place - 1]
    if (before) expect(at - before.at).toBeGreaterThan(PAUSES.firstPauseMs)
  }
}

/** Expects that an index has what one of the whole chain has. */
export async function expectAllRows(chain: MarketOnAnvil, databaseUrl: string): Promise<void> {
  const index = await startIndexOf(chain, databaseUrl)
  const undisturbed = await startIndexOf(chain, await freshDatabase())
  try {
    expect(await index.tables()).toEqual(await undisturbed.tables())
  } finally {
    await index.stop()
    await undisturbed.stop()
  }
}

/** The table, with its schema, of the runs that readers see. */
export async function tableOfRuns(client: Connection): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.view_table_usage
     WHERE view_schema = 'runline' AND view_name = 'run'`,
  )
  return rows[0]?.name ?? ''
}
