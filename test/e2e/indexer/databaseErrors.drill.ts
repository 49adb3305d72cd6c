// docs/running.md, "When the indexer ends": whatever PostgreSQL answers, the indexer continues, or a restart helps.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startIndexer } from '../../../devnet/indexer.ts'
import { type Connection, connect } from '../../../ops/database/connect.ts'
import { cancelStatements, failWrites, terminateSessions } from '../../../testkit/databaseFaults.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../../testkit/marketOnAnvil.ts'
import { INDEXER_FINAL_ENDS, supervise } from '../../../testkit/supervise.ts'
import { waitForIndex } from '../../../testkit/waitForIndex.ts'
import { freshDatabase } from '../../support/database.ts'
import { startIndexOf } from './indexOf.ts'
import { poster, postRun } from './postRun.ts'

const STORM_MS = 6_000

/**
 * Errors of a server that a statement may meet: rollback, resources, state, intervention, system. The first of each class
 * repeats until the indexer ends.
 */
const CLASSES = [
  ['40001', '40P01', '40003'],
  ['53200', '53000', '53100', '53400'],
  ['55P03', '55000', '55006'],
  ['57014', '57000', '57P04', '57P05'],
  ['58030', '58000', '58P01'],
] as const

let chain: MarketOnAnvil

beforeAll(async () => {
  chain = await startMarketOnAnvil()
  await chain.fund(poster)
})

afterAll(() => chain?.stop())

/** A supervised indexer. */
function superviseIndexer(databaseUrl: string) {
  const indexer = supervise(() => startIndexer({ ...chain, databaseUrl }), INDEXER_FINAL_ENDS)
  return {
    ...indexer,
    /** Waits until readers see the chain's latest block. */
    async follow() {
      const latest = await chain.client.getBlockNumber({ cacheTime: 0 })
      await Promise.race([waitForIndex(databaseUrl, latest, 90_000), indexer.over])
      expect(indexer.ends.filter(({ how }) => how !== 'exited with code 75')).toEqual([])
    },
  }
}

/** Whether an index has what one of the whole chain has. */
async function expectAllRows(databaseUrl: string) {
  const index = await startIndexOf(chain, databaseUrl)
  const undisturbed = await startIndexOf(chain, await freshDatabase())
  try {
    expect(await index.tables()).toEqual(await undisturbed.tables())
  } finally {
    await index.stop()
    await undisturbed.stop()
  }
}

async function tableOfRuns(client: Connection): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.view_table_usage
     WHERE view_schema = 'runline' AND view_name = 'run'`,
  )
  return rows[0]?.name ?? ''
}

/** Holds the lock of the runs' table again and again, as a migration that an operator tries. */
async function lockRuns(url: string, milliseconds: number) {
  await using client = await connect(url)
  const table = await tableOfRuns(client)
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(100)) {
    await client.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`)
    await sleep(900)
    await client.query('ROLLBACK')
  }
}

/** Changes a setting of the database. Sessions that are open keep the former one, so they are ended. */
async function alterDatabase(url: string, change: string) {
  await using client = await connect(url)
  await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} ${change}`)
  await terminateSessions(url, 100)
}

const storms: [string, (url: string) => Promise<void>, string?][] = [
  ['statements are cancelled', (url) => cancelStatements(url, STORM_MS)],
  ['sessions are ended', (url) => terminateSessions(url, STORM_MS)],
  ['writes exceed lock_timeout', (url) => lockRuns(url, STORM_MS), 'lock_timeout'],
]

test.each(storms)(
  'while %s for seconds, the indexer continues or exits with 75, and then follows and counts nothing twice',
  { timeout: 240_000 },
  async (_, storm, setting) => {
    const databaseUrl = await freshDatabase()
    const supervised = superviseIndexer(databaseUrl)
    try {
      await postRun(chain)
      await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 60_000)
      if (setting) await alterDatabase(databaseUrl, `SET ${setting} = 50`)
      let isOver = false
      const over = storm(databaseUrl).finally(() => {
        isOver = true
      })
      while (!isOver) await postRun(chain)
      await over
      // On a busy machine, locks of the indexer's own connections take as long.
      if (setting) await alterDatabase(databaseUrl, `RESET ${setting}`)
      await supervised.follow()
      console.log(`The indexer ended ${supervised.ends.length} times`)
    } finally {
      await supervised.stop()
    }
    await expectAllRows(databaseUrl)
  },
)

test('whatever error a write gets, once or repeatedly, the indexer continues or exits with 75', {
  timeout: 600_000,
}, async () => {
  const databaseUrl = await freshDatabase()
  await using client = await connect(databaseUrl)
  const supervised = superviseIndexer(databaseUrl)
  const ended: Record<string, number> = {}
  try {
    await postRun(chain)
    await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 60_000)
    const runs = await tableOfRuns(client)
    async function meet(code: string, times: number) {
      const before = supervised.ends.length
      await failWrites(databaseUrl, runs, code, times)
      await postRun(chain)
      await supervised.follow()
      ended[`${code}, ${times} times`] = supervised.ends.length - before
    }
    for (const codes of CLASSES) {
      for (const code of codes) await meet(code, 1)
      // Ponder repeats a write that failed, and takes a second error for a defect of a handler.
      await meet(codes[0], 3)
    }
  } finally {
    await supervised.stop()
  }
  console.log('How often each error ended the indexer', ended)
  await expectAllRows(databaseUrl)
})
