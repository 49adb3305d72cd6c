import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Problem } from '../http/errors.ts'
import type { IndexReader } from '../queries/indexReader.ts'
import type { Relay } from '../relay/relay.ts'
import type { SignerState } from '../relay/signerState.ts'
import type { IndexLag } from './indexLag.ts'
import { shareLook } from './sharedLook.ts'

/** Kubernetes gives a probe one second. Milliseconds. */
const LOOK_TIMEOUT = 800

/** From this age on an unmined transaction is no matter of a busy chain any more. Seconds. */
const STUCK_AFTER = 60

/** With less than so many claims may take, a signer’s funds are low. */
const LOW_CLAIMS = 100n

/** For how long a look at what the process depends on is used. Milliseconds. */
const SNAPSHOT_LIFETIME = 1_000

/** Why the process does not, or soon will not, do all that it is for. A code never changes its meaning. */
type Reason = {
  code:
    | 'DATABASE_UNREACHABLE'
    | 'INDEX_ABSENT'
    | 'INDEX_REWINDING'
    | 'INDEX_STALLED'
    | 'RELAY_DATABASE_UNREACHABLE'
    | 'NODE_UNREACHABLE'
    | 'RELAYER_OUT_OF_FUNDS'
    | 'RELAYER_FUNDS_LOW'
    | 'RELAYER_BUDGET_SPENT'
    | 'RELAYER_STUCK'
    | 'NODE_IMPLAUSIBLE'
  /** A sentence for any reader: it names no signer, and no figure of its funds. */
  detail: string
  /** What fails: reads, for which no request should come here; or claims only. */
  affects: 'reads' | 'claims'
  /** For the operator: which signer, and how much. */
  figures?: string
}

/** What anyone may know of the process. */
export type Readiness = {
  status: 'ready' | 'degraded' | 'unready'
  indexedBlock: number | null
  reasons: Omit<Reason, 'figures'>[]
}

/** What its operator may know. `signers` is null where they cannot be known, or where there are none. */
export type ProcessStatus = Omit<Readiness, 'reasons'> & { reasons: Reason[]; signers: SignerState[] | null }

type Parts = {
  index: Pick<IndexReader, 'look'>
  lag: Pick<IndexLag, 'stall'>
  relay: Pick<Relay, 'signers'> | undefined
  logger: Logger
}

/**
 * Looks at what the process depends on, at most once a second: however many ask, database and node do not notice.
 * @returns what was seen within the last second, or is seen now.
 */
export function createReadiness({ logger, ...parts }: Parts): () => Promise<ProcessStatus> {
  const note = noteChanges(logger)
  return shareLook(SNAPSHOT_LIFETIME, async () => {
    const status = await lookAt(parts)
    note(status)
    return status
  })
}

/** The same without what is the operator's: each code once, whatever number of signers it is about. */
export function publicReadiness({ status, indexedBlock, reasons }: ProcessStatus): Readiness {
  const byCode = new Map(reasons.map(({ figures: _, ...reason }) => [reason.code, reason]))
  return { status, indexedBlock, reasons: [...byCode.values()] }
}

async function lookAt({ index, lag, relay }: Omit<Parts, 'logger'>): Promise<ProcessStatus> {
  const [ofIndex, ofRelay] = await Promise.all([lookAtIndex(index), lookAtRelay(relay)])
  const reasons = [...ofIndex.reasons, ...stallOf(lag), ...ofRelay.reasons]
  return { status: statusOf(reasons), indexedBlock: ofIndex.indexedBlock, reasons, signers: ofRelay.signers }
}

function statusOf(reasons: Reason[]): Readiness['status'] {
  if (reasons.length === 0) return 'ready'
  return reasons.some(({ affects }) => affects === 'reads') ? 'unready' : 'degraded'
}

/** Logs a line for each change, and none for the looks between. */
function noteChanges(logger: Logger) {
  let last = ''
  return ({ status, reasons }: ProcessStatus) => {
    const now = reasons.map(({ code }) => code).join()
    if (now === last) return
    last = now
    logger[status === 'ready' ? 'info' : 'warn']({ reasons }, status)
  }
}

function stallOf(lag: Parts['lag']): Reason[] {
  const stall = lag.stall()
  return stall === undefined ? [] : [{ code: 'INDEX_STALLED', detail: stall, affects: 'reads' }]
}

async function lookAtIndex(index: Parts['index']): Promise<Pick<ProcessStatus, 'indexedBlock' | 'reasons'>> {
  const unread = (code: Reason['code'], detail: string) => ({
    indexedBlock: null,
    reasons: [{ code, detail, affects: 'reads' as const }],
  })
  try {
    const state = await index.look()
    if (!state) return unread('INDEX_ABSENT', 'No block is indexed yet.')
    const { number, checkpoint } = state.snapshot
    if (state.whole) return { indexedBlock: Number(number), reasons: [] }
    return unread('INDEX_REWINDING', `The index is replaying block ${number} on its way to block ${checkpoint}.`)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return unread('DATABASE_UNREACHABLE', error.message)
  }
}

const ofClaims = (code: Reason['code'], detail: string, figures?: string): Reason => ({
  code,
  detail,
  affects: 'claims',
  ...(figures !== undefined && { figures }),
})

async function lookAtRelay(relay: Parts['relay']): Promise<Pick<ProcessStatus, 'reasons' | 'signers'>> {
  const unread = (detail: string) => ({ reasons: [ofClaims('RELAY_DATABASE_UNREACHABLE', detail)], signers: null })
  if (!relay) return { reasons: [], signers: null }
  try {
    const signers = await Promise.race([relay.signers(), sleep(LOOK_TIMEOUT, undefined, { ref: false })])
    if (!signers) return unread(`The relay’s database is silent for ${LOOK_TIMEOUT} ms.`)
    const isSilent = signers.some(({ balance }) => balance === undefined)
    const silence = isSilent ? [ofClaims('NODE_UNREACHABLE', 'The chain’s node does not answer.')] : []
    return { reasons: [...silence, ...signers.flatMap((signer) => [...reasonsOf(signer)])], signers }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return unread(error.message)
  }
}

function* reasonsOf(state: SignerState): Generator<Reason> {
  const {
    signer,
    isRemoved,
    isUnfunded,
    isStuck,
    balance,
    budget,
    spent,
    claimPrice = 0n,
    unmined,
    oldestUnmined,
    objection,
  } = state
  const isNeeded = !isRemoved && balance !== undefined
  if (isUnfunded || (isNeeded && balance < claimPrice)) {
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
  if (objection !== undefined) {
    yield ofClaims('NODE_IMPLAUSIBLE', 'The chain’s node counts a relayer’s transactions implausibly.', objection)
  }
  if (isStuck || oldestUnmined >= STUCK_AFTER) {
    const seconds = Math.floor(oldestUnmined)
    const figures = `${signer} has ${unmined} unmined transactions, the oldest for ${seconds} s.`
    yield ofClaims('RELAYER_STUCK', 'A relayer’s transactions are not mined.', figures)
  }
}
