/**
 * Runline beside what a team would choose instead: plain Ponder, a poller with Prisma and Express, Subsquid, and Envio.
 * Each indexes the same chain, and answers the same questions. A peer that fails is named in the notes.
 */
import { startPostgres } from '../devnet/postgres.ts'
import { eventsOfALife, startBusyChain } from './busyChain.ts'
import { autovacuumSettings } from './livingTables.ts'
import { type Backfill, measureBackfill } from './peers/backfill.ts'
import { envio } from './peers/envio.ts'
import { figuresOf, overview } from './peers/figures.ts'
import { type Live, measureLive } from './peers/live.ts'
import { notes } from './peers/notes.ts'
import type { Place } from './peers/peer.ts'
import { plainPonder } from './peers/plainPonder.ts'
import { poller } from './peers/poller.ts'
import { measureReads } from './peers/reads.ts'
import { runline } from './peers/runline.ts'
import { subsquid } from './peers/subsquid.ts'
import { workload } from './workload.ts'

const RUNS_ON_CHAIN = workload.peers.events / eventsOfALife

const asked = process.env.BENCH_PEERS?.split(',')
const peers = [plainPonder, poller, subsquid, envio].filter(({ name }) => asked?.includes(name) ?? true)

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({
    settings: { ...autovacuumSettings, shared_buffers: '1GB', max_wal_size: '8GB' },
  })
  parts.defer(postgres.stop)
  const chain = await startBusyChain({ keptStates: 64 })
  parts.defer(chain.stop)
  await chain.grow(RUNS_ON_CHAIN)

  const failures: string[] = []
  const failed = (name: string, error: unknown) => {
    console.error(error)
    failures.push(`${name} is not measured further: ${error instanceof Error ? error.message : error}`)
  }
  const backfills: Record<string, Backfill> = {}
  const live: Record<string, Backfill & Live> = {}
  const places: Record<string, Place> = {}
  // All backfills before the first block that a peer adds, so that they are of the same chain.
  for (const peer of [runline, ...peers]) {
    console.log(`${peer.name}: backfill`)
    const place = { chain, databaseUrl: await postgres.createDatabase() }
    try {
      backfills[peer.name] = await measureBackfill(peer, place, postgres.part.pid)
      places[peer.name] = place
    } catch (error) {
      if (peer === runline) throw error
      failed(peer.name, error)
    }
  }
  for (const peer of [runline, ...peers]) {
    const { [peer.name]: backfill } = backfills
    const { [peer.name]: place } = places
    if (!backfill || !place) continue
    console.log(`${peer.name}: live`)
    try {
      live[peer.name] = { ...backfill, ...(await measureLive(peer, place)) }
    } catch (error) {
      if (peer === runline) throw error
      failed(peer.name, error)
      delete places[peer.name]
    }
  }
  const filled = peers.flatMap((peer) => {
    const place = places[peer.name]
    return place ? [{ peer, place }] : []
  })
  const { reads, bounds } = await measureReads(postgres, filled, failed)
  const limits = Object.entries(live).map(([name, { bound }]) => `backfill, ${name}: ${bound}`)
  return {
    measurements: figuresOf(live, reads),
    notes: [overview(live, reads), ...failures, ...notes, [...limits, ...bounds].join('\n')],
  }
}
