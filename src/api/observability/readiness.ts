import type { Logger } from 'pino'
import { reuseResult } from '../../../core/reuseResult.ts'
import { agent, marketDay, payee, poster, recentBlock, run, runEvent } from '../../../ponder.schema.ts'
import { Problem } from '../http/errors.ts'
import { type IndexReader, OTHER_VERSION, type Tx } from '../index/reader.ts'
import { within } from '../relay/chain/client.ts'
import { Refusal } from '../relay/refusal.ts'
import type { Relay, RelayerState } from '../relay/relay.ts'
import type { Lag } from './indexLag.ts'
import type { OrphanedIndex } from './orphanedIndex.ts'

/** Kubernetes lets a probe take one second. */
const CHECK_TIMEOUT_MS = 800

/** An unmined transaction of this age is stuck: a busy chain does not explain it. */
const STUCK_AFTER_SECONDS = 60

/** A signer's funds are low if they pay for fewer claims than this. */
const LOW_CLAIMS = 100n

/** How long a status is reused. */
const STATUS_LIFETIME_MS = 1_000

/** Why the process cannot, or soon cannot, answer all requests. A code never changes its meaning. */
const reasonCodes = [
  'DATABASE_UNREACHABLE',
  'INDEX_ABSENT',
  'INDEX_REWINDING',
  'INDEX_ORPHANED',
  'INDEX_VERSION',
  'INDEX_STALLED',
  'INDEX_LAGGING',
  'CHAIN_STOPPED',
  'RELAY_DATABASE_UNREACHABLE',
  'NODE_UNREACHABLE',
  'RELAYER_OUT_OF_FUNDS',
  'RELAYER_FUNDS_LOW',
  'RELAYER_BUDGET_SPENT',
  'RELAYER_STUCK',
  'RELAYER_NOT_SIGNING',
  'NODE_IMPLAUSIBLE',
] as const

/**
 * The reasons that only the operator sees: an account that spends the relayer's budget would learn when it has done so.
 */
const hiddenCodes = ['RELAYER_BUDGET_SPENT'] as const satisfies (typeof reasonCodes)[number][]

type PublicCode = Exclude<(typeof reasonCodes)[number], (typeof hiddenCodes)[number]>

const isPublic = (code: Reason['code']): code is PublicCode => hiddenCodes.every((hidden) => hidden !== code)

/** The codes that every client may see. */
export const publicReasonCodes = reasonCodes.filter(isPublic)

type Reason = {
  code: (typeof reasonCodes)[number]
  /** A sentence for any reader, without signers and figures of their funds. */
  detail: string
  /** What fails: reads, so that requests should go to other processes, or claims only, or nothing yet. */
  affects: 'reads' | 'claims'
  /** For the operator: which signer, and how much. */
  figures?: string
}

/** The status that every client may see. */
export type Readiness = {
  status: 'ready' | 'degraded' | 'unready'
  indexedBlock: number | null
  /** How many seconds ago the chain got the first block that the index lacks. */
  behindSeconds: number
  reasons: (Omit<Reason, 'code' | 'figures'> & { code: PublicCode })[]
}

/** The status that only the operator sees. `signers` is null if they cannot be read, or there are none. */
export type ProcessStatus = Omit<Readiness, 'reasons'> & { reasons: Reason[]; signers: RelayerState[] | null }

type Limits = {
  /** How long the index may be behind the chain without indexing a block before it counts as stalled. */
  stallSeconds: number
  /** How many seconds the index may be behind the chain. */
  maxLagSeconds: number
  /** How many seconds the chain may be without a new block before it counts as stopped; 0 if it may forever. */
  stoppedSeconds: number
}

type Parts = {
  index: Pick<IndexReader, 'read' | 'readHead'>
  lag: () => Lag
  limits: Limits
  orphan: Pick<OrphanedIndex, 'reason'>
  relay: Pick<Relay, 'signers' | 'absentKeys'> | undefined
  logger: Logger
}

/**
 * Checks what the process depends on, at most once a second, so that frequent probes do not load database and node.
 * @returns a function that resolves with the status, at most a second old.
 */
export function createReadiness({ logger, ...parts }: Parts): () => Promise<ProcessStatus> {
  let loggedCodes = ''
  return reuseResult(STATUS_LIFETIME_MS, async () => {
    const checked = await checkProcess(parts)
    const { status, reasons } = checked
    const codes = reasons.map(({ code }) => code).join()
    if (codes !== loggedCodes) logger[status === 'ready' ? 'info' : 'warn']({ reasons }, status)
    loggedCodes = codes
    return checked
  })
}

/** The status without what only the operator may see. Each code appears once, however many signers it is about. */
export function publicReadiness({ status, indexedBlock, behindSeconds, reasons }: ProcessStatus): Readiness {
  const shown = reasons.flatMap(({ code, detail, affects }) => (isPublic(code) ? [{ code, detail, affects }] : []))
  const byCode = new Map(shown.map((reason) => [reason.code, reason]))
  return { status, indexedBlock, behindSeconds, reasons: [...byCode.values()] }
}

async function checkProcess({ index, lag, limits, orphan, relay }: Omit<Parts, 'logger'>): Promise<ProcessStatus> {
  const [ofIndex, ofRelay] = await Promise.all([checkIndex(index, orphan), checkRelay(relay)])
  const now = lag()
  const reasons = [...ofIndex.reasons, ...lagReasons(now, limits), ...ofRelay.reasons]
  return {
    status: statusOf(reasons),
    indexedBlock: ofIndex.indexedBlock,
    behindSeconds: now.behind,
    reasons,
    signers: ofRelay.signers,
  }
}

function statusOf(reasons: Reason[]): Readiness['status'] {
  if (reasons.length === 0) return 'ready'
  return reasons.some(({ affects }) => affects === 'reads') ? 'unready' : 'degraded'
}

const ofReads = (code: Reason['code'], detail: string): Reason => ({ code, detail, affects: 'reads' })

/** A stall is reported instead of the lag that it causes. */
function* lagReasons(lag: Lag, { stallSeconds, maxLagSeconds, stoppedSeconds }: Limits): Generator<Reason> {
  const { chain, head, behind, stalled, unseen, unchanged } = lag
  const indexed = `The index is at block ${head}`
  if (stalled >= stallSeconds) {
    const detail = `The chain is at block ${chain}, the index has not moved from ${head} for ${stalled} seconds.`
    yield ofReads('INDEX_STALLED', detail)
  } else if (head !== undefined && behind > maxLagSeconds) {
    yield ofReads('INDEX_LAGGING', `${indexed}, ${behind} seconds behind block ${chain}.`)
  } else if (head !== undefined && unseen > maxLagSeconds) {
    yield ofReads('INDEX_LAGGING', `${indexed}, and the node has not returned a block for ${unseen} seconds.`)
  }
  if (stoppedSeconds > 0 && unchanged >= stoppedSeconds) {
    // Reads stay correct: the chain has nothing newer.
    yield ofClaims('CHAIN_STOPPED', `The chain has had no block after block ${chain} for ${unchanged} seconds.`)
  }
}

/** Fails where the tables lack a column that this build reads. */
async function readAllColumns(tx: Tx) {
  for (const table of [run, runEvent, agent, poster, marketDay, payee, recentBlock])
    await tx.select().from(table).limit(0)
}

async function checkIndex(
  index: Parts['index'],
  orphan: Parts['orphan'],
): Promise<Pick<ProcessStatus, 'indexedBlock' | 'reasons'>> {
  const unread = (...reason: Parameters<typeof ofReads>) => ({ indexedBlock: null, reasons: [ofReads(...reason)] })
  const orphaned = orphan.reason()
  if (orphaned !== undefined) return unread('INDEX_ORPHANED', orphaned)
  try {
    const state = await index.readHead()
    if (!state) return unread('INDEX_ABSENT', 'No block is indexed yet.')
    const { number, checkpoint } = state.snapshot
    if (!state.isCurrent) {
      return unread('INDEX_REWINDING', `The index is replaying block ${number}, up to block ${checkpoint}.`)
    }
    await index.read(undefined, readAllColumns)
    return { indexedBlock: Number(number), reasons: [] }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (error.message === OTHER_VERSION) return unread('INDEX_VERSION', `${OTHER_VERSION} It lacks a column.`)
    return unread('DATABASE_UNREACHABLE', error.message)
  }
}

const ofClaims = (code: Reason['code'], detail: string, figures?: string): Reason => ({
  code,
  detail,
  affects: 'claims',
  ...(figures !== undefined && { figures }),
})

const notSigning = (figures: string) => ofClaims('RELAYER_NOT_SIGNING', 'A relayer’s key does not sign.', figures)

async function checkRelay(relay: Parts['relay']): Promise<Pick<ProcessStatus, 'reasons' | 'signers'>> {
  const unread = (detail: string) => ({ reasons: [ofClaims('RELAY_DATABASE_UNREACHABLE', detail)], signers: null })
  if (!relay) return { reasons: [], signers: null }
  try {
    const late = `The relay’s database did not answer within ${CHECK_TIMEOUT_MS} ms.`
    const signers = await within(CHECK_TIMEOUT_MS, relay.signers(), late)
    const isSilent = signers.some(({ balance }) => balance === undefined)
    const silence = isSilent ? [ofClaims('NODE_UNREACHABLE', 'The chain’s node does not answer.')] : []
    const absent = relay.absentKeys().map(({ reason }) => notSigning(reason))
    return { reasons: [...silence, ...absent, ...signers.flatMap((signer) => [...reasonsOf(signer)])], signers }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return unread(error.message)
  }
}

function* reasonsOf(state: RelayerState): Generator<Reason> {
  const { signer, isRemoved, balance, budget, spent, claimPrice = 0n } = state
  const isNeeded = !isRemoved && balance !== undefined
  if (state.isUnfunded || (isNeeded && balance < claimPrice)) {
    const figures = `${signer} holds ${balance ?? 'an unknown number of'} wei.`
    yield ofClaims('RELAYER_OUT_OF_FUNDS', 'A relayer cannot pay for a claim.', figures)
  } else if (isNeeded && balance < LOW_CLAIMS * claimPrice) {
    const figures = `${signer} holds ${balance} wei; a claim may take ${claimPrice}.`
    yield ofClaims('RELAYER_FUNDS_LOW', 'A relayer’s funds run low.', figures)
  }
  if (!isRemoved && budget - spent < claimPrice) {
    const figures = `${signer} has spent ${spent} of ${budget} wei within 24 hours.`
    yield ofClaims('RELAYER_BUDGET_SPENT', 'A relayer has spent its budget of 24 hours.', figures)
  }
  if (state.objection !== undefined) {
    yield ofClaims('NODE_IMPLAUSIBLE', 'The chain’s node counts a relayer’s transactions implausibly.', state.objection)
  }
  if (state.signingFailure !== undefined) {
    yield notSigning(`${signer}: ${state.signingFailure}`)
  }
  if (state.isStuck || state.oldestUnmined >= STUCK_AFTER_SECONDS) {
    const seconds = Math.floor(state.oldestUnmined)
    const figures = `${signer} has ${state.unmined} unmined transactions, the oldest for ${seconds} s.`
    yield ofClaims('RELAYER_STUCK', 'A relayer’s transactions are not mined.', figures)
  }
}
