import type { End } from '../../test/support/supervise.ts'
import { table } from '../bench/table.ts'
import type { Claim } from './claims.ts'
import type { Served } from './watch.ts'

/** The longest time that readers may be without an answer while PostgreSQL answers. */
const MAX_SILENT_MS = 30_000

/** An unexpected end of a process. */
export type ProcessEnd = Pick<End, 'how' | 'output' | 'restartMs'> & { process: string; isIndexer: boolean }

/** What happened during a fault, until the market had recovered. */
export type Played = {
  fault: string
  /** What was done, or that it failed. */
  did: string
  /** Why the fault could not be caused, and what did not recover. */
  failures: readonly string[]
  isRecovered: boolean
  served: Served
  /** The longest time in which no claim was answered as won. */
  claimsSilentMs: number
  ends: readonly ProcessEnd[]
}

/** The claims that began during a fault. */
type ClaimCounts = {
  made: number
  /** Stored or won, as the API answered. */
  accepted: number
  won: number
  /** The longest time from the begin of a claim to the answer that it is won. */
  slowestMs: number
  /** Accepted, and not on the chain. */
  lost: number
  /** On the chain more than once. */
  doubled: number
  /** What the client reports of those that it did not win. Each should have been won. */
  refusals: readonly string[]
}

export type Row = Played & { claims: ClaimCounts }

export type Report = {
  rows: readonly Row[]
  /** The faults that were left out, because the market did not recover from one before. */
  untried: readonly string[]
  /** The last line of the audit. */
  audit: string
  /** Whether it found that tables and chain are equal. */
  isAuditClean: boolean
  /** What is not in order in the records of claims of chain and relay. */
  disorder: readonly string[]
}

/** A claim on the chain. */
type Claimed = { bountyId: bigint; agentId: bigint }

/** Compares what clients were answered with the chain. */
export function countClaims(claims: readonly Claim[], claimed: readonly Claimed[]): ClaimCounts {
  const timesOf = ({ run, agentId }: Claim) =>
    claimed.filter((event) => event.bountyId === run && event.agentId === agentId).length
  const accepted = claims.filter(({ isAccepted }) => isAccepted)
  const refused = claims.filter(({ outcome }) => outcome !== 'won')
  return {
    made: claims.length,
    accepted: accepted.length,
    won: claims.length - refused.length,
    slowestMs: Math.max(0, ...claims.map(({ begunAt, wonAt = begunAt }) => wonAt - begunAt)),
    lost: accepted.filter((claim) => timesOf(claim) === 0).length,
    doubled: claims.filter((claim) => timesOf(claim) > 1).length,
    refusals: refused.map(({ run, outcome }) => `run ${run}: ${outcome}`),
  }
}

const seconds = (milliseconds: number) => (milliseconds / 1_000).toFixed(1)

const HEAD = [
  'fault',
  'readers, s',
  'PostgreSQL, s',
  'claims, s',
  'slowest, s',
  'lag, s',
  'made',
  'accepted',
  'won',
  'lost',
  'doubled',
  'ended, exit codes: runs again after',
  'what was done',
]

/** One line for each fault. */
export function reportTable(rows: readonly Row[]): string {
  const cells = rows.map(({ fault, did, served, claimsSilentMs, claims, ends }) => [
    fault,
    ...[served.readersSilentMs, served.databaseSilentMs, claimsSilentMs, claims.slowestMs, served.lagMs].map(seconds),
    ...[claims.made, claims.accepted, claims.won, claims.lost, claims.doubled].map(String),
    describeEnds(ends),
    did,
  ])
  return table(HEAD, cells)
}

/** The ends of each process: its exit codes, and the time from the first until it ran again. */
function describeEnds(ends: readonly ProcessEnd[]): string {
  const processes = [...new Set(ends.map(({ process }) => process))]
  const described = processes.map((process) => {
    const own = ends.filter((end) => end.process === process)
    const codes = own.map(({ how }) => how.replace('exited with code ', '')).join(', ')
    const restartMs = own[0]?.restartMs
    return `${process} ${codes}: ${restartMs === undefined ? 'not again' : `${seconds(restartMs)} s`}`
  })
  return described.join('; ') || 'none'
}

/** Each bound that was missed, in words. Empty if the game day passed. */
export function missedBounds({ rows, untried, audit, isAuditClean, disorder }: Report): string[] {
  return [
    ...rows.flatMap((row) => missedOf(row).map((missed) => `${row.fault}: ${missed}`)),
    ...untried.map((fault) => `${fault}: not tried, because the market did not recover from a fault before`),
    ...(isAuditClean ? [] : [`the audit did not find that tables and chain are equal: ${audit}`]),
    ...disorder,
  ]
}

function missedOf({ failures, served, claims, ends }: Row): string[] {
  const missed = [...failures]
  if (served.readersSilentMs > MAX_SILENT_MS) {
    missed.push(
      `readers had no answer for ${seconds(served.readersSilentMs)} s, of at most ${seconds(MAX_SILENT_MS)} s`,
    )
  }
  if (claims.accepted === 0) missed.push('no claim was accepted, so nothing is known about claims')
  if (claims.lost > 0) missed.push(`${claims.lost} accepted claims are lost`)
  if (claims.doubled > 0) missed.push(`${claims.doubled} claims are on the chain more than once`)
  for (const refusal of claims.refusals) missed.push(`a claim that should be won was not: ${refusal}`)
  for (const { process, how, isIndexer, output } of ends) {
    if (isIndexer && how === 'exited with code 1') {
      missed.push(`${process} exited with code 1, which no supervisor restarts. Its last output:\n${output}`)
    }
  }
  return missed
}
