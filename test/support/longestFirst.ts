import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Start in this order: a long file that starts last runs alone. The first one measures how long readers get no answer, and the three
 * beside it wait for most of their time. Only the first run on a machine needs the rest.
 */
const LONGEST = [
  'test/e2e/simulation/simFaults.drill.ts',
  'test/e2e/rollup/stoppedChain.drill.ts',
  'test/e2e/indexer/outage.drill.ts',
  'test/tools/deploy/alerts.drill.ts',
  'test/e2e/indexer/databaseFailover.drill.ts',
  'test/e2e/indexer/databaseErrors.drill.ts',
  'test/e2e/indexer/writeErrors.drill.ts',
  'test/e2e/indexer/stall.drill.ts',
  'test/e2e/indexer/fastReorg.drill.ts',
  'test/e2e/indexer/fullDatabase.drill.ts',
  'test/e2e/rollup/fastRollup.drill.ts',
  'test/e2e/indexer/requestRate.drill.ts',
  'test/tools/deploy/deploy.test.ts',
  'test/e2e/indexer/endpoints.drill.ts',
  'test/e2e/indexer/takeover.drill.ts',
  'test/e2e/indexer/standby.drill.ts',
  'test/e2e/indexer/redeployStandby.drill.ts',
  'test/tools/cli/commands.test.ts',
  'test/tools/devnet/devnet.test.ts',
  'test/e2e/claims/signers.drill.ts',
  'test/tools/client/package.test.ts',
  'test/e2e/hostile/logs.test.ts',
  'test/e2e/claims/faults.test.ts',
  'test/e2e/mcp/tools.test.ts',
  'test/e2e/simulation/simulation.test.ts',
  'test/e2e/indexer/audit.test.ts',
  'test/tools/python/python.test.ts',
  'test/e2e/claims/kms.drill.ts',
  'test/e2e/actions/agreement.test.ts',
  'test/e2e/claims/requestTraces.test.ts',
  'test/tools/client/claim.test.ts',
  'test/api/plans.test.ts',
  'test/api/server.test.ts',
  'test/api/board.test.ts',
  'test/api/stream.test.ts',
  'test/api/snapshot.test.ts',
  'test/api/caches.test.ts',
  'test/unit/streamClient.test.ts',
  'test/unit/untilStalled.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const missing = LONGEST.filter((path) => !existsSync(resolve(this.ctx.config.root, path)))
    if (missing.length > 0) throw new Error(`LONGEST names files that do not exist: ${missing.join(', ')}`)
    const place = ({ moduleId }: TestSpecification) => {
      const known = LONGEST.indexOf(relative(this.ctx.config.root, moduleId))
      return known < 0 ? LONGEST.length : known
    }
    return (await super.sort(specifications)).sort((a, b) => place(a) - place(b))
  }
}
