import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Start in this order: a long file that starts last runs alone. Only the first run on a machine needs it. */
const LONGEST = [
  'test/e2e/indexer/databaseErrors.drill.ts',
  'test/e2e/indexer/databaseFailover.drill.ts',
  'test/e2e/deploy/alerts.drill.ts',
  'test/e2e/indexer/stall.drill.ts',
  'test/e2e/simulation/simFaults.drill.ts',
  'test/e2e/indexer/standbys.drill.ts',
  'test/e2e/rollup/stoppedChain.drill.ts',
  'test/e2e/indexer/standby.drill.ts',
  'test/e2e/indexer/frozenConnections.drill.ts',
  'test/e2e/indexer/outage.drill.ts',
  'test/e2e/rollup/rehearsal.drill.ts',
  'test/e2e/indexer/redeploy.drill.ts',
  'test/api/plans.test.ts',
  'test/e2e/indexer/takeover.test.ts',
  'test/e2e/cli/commands.test.ts',
  'test/e2e/devnet/devnet.test.ts',
  'test/e2e/claims/signers.test.ts',
  'test/e2e/indexer/ownThings.test.ts',
  'test/e2e/hostile/logs.test.ts',
  'test/e2e/indexer/audit.test.ts',
  'test/e2e/simulation/simulation.test.ts',
  'test/e2e/indexer/endpoints.test.ts',
  'test/e2e/stream/stream.test.ts',
  'test/e2e/indexer/poison.test.ts',
  'test/e2e/cli/walk.test.ts',
  'test/e2e/client/claim.test.ts',
  'test/e2e/hostile/ops.test.ts',
  'test/e2e/hostile/keeper.test.ts',
  'test/e2e/claims/kms.test.ts',
  'test/e2e/claims/expiry.test.ts',
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
