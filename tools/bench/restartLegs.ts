import type { Indexer } from '../devnet/indexer.ts'
import type { RestartMarket } from './restartMarket.ts'
import { isQuick } from './workload.ts'

/** What ends the indexer that serves readers. */
export type Event = 'SIGTERM' | 'SIGKILL' | 'database crash' | 'redeploy'

/** A look does with the signal after which a restart takes longer. */
const signals = isQuick ? (['SIGKILL'] as const) : (['SIGTERM', 'SIGKILL'] as const)

/** Runs a leg, and measures how readers fare until they see a block that was mined after it. */
type Measure = (event: Event, leg: () => Promise<void>) => Promise<void>

/** Time for the log line of a switch, or of an indexer that has caught up. */
const LINE_TIMEOUT_MS = 60_000

const sees = (indexer: Indexer) => indexer.part.saw(/Readers see this build/, LINE_TIMEOUT_MS)

/** An indexer that readers saw before its start, and see again, logs nothing about them. */
const caughtUp = (indexer: Indexer) => indexer.part.saw(/Indexed block/, LINE_TIMEOUT_MS)

async function ready(starting: Promise<Indexer>): Promise<Indexer> {
  const indexer = await starting
  await indexer.part.saw(/This indexer is ready to take over/, LINE_TIMEOUT_MS)
  return indexer
}

/** @returns the indexer that serves after all legs, without its standby: one of the new build. */
export async function withStandby({ start }: RestartMarket, crash: () => Promise<void>, measure: Measure) {
  const inOwnSchema = () => start({})
  const inStandbys = () => start({ standby: true })
  let serving = { restart: inOwnSchema, indexer: await inOwnSchema() }
  let standby = { restart: inStandbys, indexer: await ready(inStandbys()) }
  for (const signal of signals) {
    await measure(signal, async () => {
      const { restart, indexer } = serving
      process.kill(indexer.part.pid, signal)
      await sees(standby.indexer)
      await indexer.part.ended
      serving = standby
      standby = { restart, indexer: await ready(restart()) }
    })
  }
  await measure('database crash', async () => {
    const restarting = [serving, standby].map(async (role) => {
      await role.indexer.part.ended
      role.indexer = await role.restart()
    })
    await Promise.all([crash(), ...restarting])
    await sees(standby.indexer)
    ;[serving, standby] = [standby, serving]
    await caughtUp(standby.indexer)
  })
  await measure('redeploy', async () => {
    await standby.indexer.stop()
    standby.indexer = await start({ isNewBuild: true, redeploy: true, standby: true })
    await sees(standby.indexer)
    await serving.indexer.stop()
  })
  return standby.indexer
}

/** @param serving The new build's indexer. The redeploy goes back to the other build. */
export async function withoutStandby(
  { start, newBuild }: RestartMarket,
  serving: Indexer,
  crash: () => Promise<void>,
  measure: Measure,
) {
  const restart = () => start({ isNewBuild: true, redeploy: true, standby: true })
  let indexer = serving
  for (const signal of signals) {
    await measure(signal, async () => {
      process.kill(indexer.part.pid, signal)
      await indexer.part.ended
      indexer = await restart()
    })
  }
  await measure('database crash', async () => {
    const restarting = indexer.part.ended.then(restart)
    await crash()
    indexer = await restarting
  })
  await measure('redeploy', async () => {
    const replacement = await start({ replace: newBuild, redeploy: true })
    await sees(replacement)
    await indexer.stop()
    indexer = replacement
  })
  await indexer.stop()
}
