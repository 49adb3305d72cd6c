import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { connect } from '../../../ops/database/connect.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { type Breakage, startTcpProxy } from '../../support/tcpProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { poster, postRun } from './postRun.ts'
import { expectAllRows, tableOfRuns } from './supervisedIndexer.ts'

let chain: MarketOnAnvil

beforeAll(async () => {
  chain = await startMarketOnAnvil()
  await chain.fund(poster)
})

afterAll(() => chain?.stop())

/** A proxy to a PostgreSQL server that breaks one connection at the next commit of a block. */
async function startCommitProxy(databaseUrl: string) {
  let next: { breakage: Breakage; broken: () => void } | undefined
  const { urlOf, stop } = await startTcpProxy(Number(new URL(databaseUrl).port), () => {
    let endsBlock = false
    return (bytes) => {
      // The checkpoint is the last row that Ponder writes of a block.
      endsBlock ||= bytes.includes('set "latest_checkpoint"')
      if (!endsBlock || !bytes.includes('commit\0')) return undefined
      endsBlock = false
      const fault = next
      next = undefined
      fault?.broken()
      return fault?.breakage
    }
  })
  return {
    url: urlOf(databaseUrl),
    stop,
    /** Resolves once a commit met the breakage. */
    breakNext: (breakage: Breakage) =>
      new Promise<void>((resolve) => {
        next = { breakage, broken: resolve }
      }),
  }
}

test.each<Breakage>(['lost request', 'lost answer'])(
  'an indexer whose commit meets a %s exits with 75, and counts nothing twice after the restart',
  { timeout: 150_000 },
  async (breakage) => {
    const databaseUrl = await freshDatabase()
    const proxy = await startCommitProxy(databaseUrl)
    const indexer = await startIndexer({ ...chain, databaseUrl: proxy.url })
    try {
      await postRun(chain)
      await waitForIndex(databaseUrl, await chain.client.getBlockNumber())
      const broken = proxy.breakNext(breakage)
      await postRun(chain)
      await broken
      expect(await indexer.part.ended).toBe('exited with code 75')
      expect(indexer.part.output()).toContain('A connection to PostgreSQL ended')
    } finally {
      await indexer.stop()
      await proxy.stop()
    }
    await expectAllRows(chain, databaseUrl)
  },
)

test('an indexer whose commit is refused exits with 75, and counts nothing twice after the restart', {
  timeout: 150_000,
}, async () => {
  const databaseUrl = await freshDatabase()
  const indexer = await startIndexer({ ...chain, databaseUrl })
  onTestFinished(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 60_000)
  await using client = await connect(databaseUrl)
  await client.query(`
    CREATE SEQUENCE refusals;
    CREATE FUNCTION refuse_once() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF nextval('refusals') = 1 THEN RAISE 'refused'; END IF; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER refuse_once AFTER INSERT ON ${await tableOfRuns(client)} DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION refuse_once()`)
  await postRun(chain)
  expect(await indexer.part.ended).toBe('exited with code 75')
  expect(indexer.part.output()).toContain('refused')
  await expectAllRows(chain, databaseUrl)
})
