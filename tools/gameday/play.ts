import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../core/describeError.ts'
import type { Claims } from './claims.ts'
import type { Fault } from './faults.ts'
import type { Market } from './market.ts'
import type { Played, ProcessEnd } from './report.ts'
import { longestOf, type Period, silencesOf } from './silences.ts'
import type { Watch } from './watch.ts'

/** So that claims are made during each fault, also during one that takes a moment. */
const LEAST_MS = 12_000

/** How long the market may take to recover. */
const RECOVERY_MS = 120_000

type Parts = { market: Market; claims: Claims; watch: Watch }

/**
 * Causes a fault, waits until the market has recovered and all claims are decided, and measures that time.
 */
export async function play({ market, claims, watch }: Parts, { name, cause }: Fault): Promise<Played> {
  const begin = performance.now()
  claims.beginDuring(name)
  const failures: string[] = []
  const noteFailure = (error: unknown) => void failures.push(reasonOf(error))
  const did = await cause(market).catch(noteFailure)
  const isRecovered = await market.recovered(RECOVERY_MS).then(() => true, noteFailure)
  await sleep(Math.max(0, begin + LEAST_MS - performance.now()))
  await claims.settled()
  const window = { begin, end: performance.now() }
  const wonAt = claims.all.flatMap((claim) => claim.wonAt ?? []).sort((one, other) => one - other)
  return {
    fault: name,
    did: did ?? 'FAILED',
    failures,
    isRecovered: isRecovered === true,
    served: watch.served(window),
    claimsSilentMs: longestOf(silencesOf(wonAt, window)),
    ends: endsIn(market, window),
  }
}

/** The unexpected ends of processes in a window. */
function endsIn({ hosts }: Market, { begin, end }: Period): ProcessEnd[] {
  const processes = hosts.flatMap(({ names, indexer, api }) => [
    { process: names.indexer, isIndexer: true, ends: indexer.ends },
    { process: names.api, isIndexer: false, ends: api.ends },
  ])
  return processes.flatMap(({ process, isIndexer, ends }) =>
    ends.filter(({ at }) => at >= begin && at < end).map((each) => ({ ...each, process, isIndexer })),
  )
}
