import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from './errors.ts'
import type { IndexLag } from './indexLag.ts'
import type { IndexReader } from './queries/indexReader.ts'
import type { Relay } from './relay/relay.ts'
import type { SignerState } from './relay/signerState.ts'

/** Kubernetes gives a probe one second. Milliseconds. */
const PATIENCE = 800

/** From this age on an unmined transaction is no matter of a busy chain any more. Seconds. */
const STUCK_AFTER = 60

/** With less than so many claims may take, a signer’s funds are low. */
const LOW_CLAIMS = 100n

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
  /** A sentence for a reader. */
  detail: string
  /** What fails: reads, for which no request should come here; or claims only. */
  affects: 'reads' | 'claims'
}

export type Readiness = { indexedBlock: number | null; reasons: Reason[] }

type Parts = {
  index: Pick<IndexReader, 'look'>
  lag: Pick<IndexLag, 'stall'>
  relay: Pick<Relay, 'signers'> | undefined
}

/** Looks at what the process depends on, bounded. */
export async function readinessOf({ index, lag, relay }: Parts): Promise<Readiness> {
  const [{ indexedBlock, reasons }, ofRelay] = await Promise.all([lookAtIndex(index), relay ? lookAtRelay(relay) : []])
  const stall = lag.stall()
  if (stall) reasons.push({ code: 'INDEX_STALLED', detail: stall, affects: 'reads' })
  return { indexedBlock, reasons: [...reasons, ...ofRelay] }
}

async function lookAtIndex(index: Parts['index']): Promise<Readiness> {
  const unread = (code: Reason['code'], detail: string): Readiness => ({
    indexedBlock: null,
    reasons: [{ code, detail, affects: 'reads' }],
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

const ofClaims = (code: Reason['code'], detail: string): Reason => ({ code, detail, affects: 'claims' })

async function lookAtRelay(relay: NonNullable<Parts['relay']>): Promise<Reason[]> {
  try {
    const states = await Promise.race([relay.signers(), sleep(PATIENCE, undefined, { ref: false })])
    if (!states) return [ofClaims('RELAY_DATABASE_UNREACHABLE', `The relay’s database is silent for ${PATIENCE} ms.`)]
    const isSilent = states.some(({ balance }) => balance === undefined)
    const silence = isSilent ? [ofClaims('NODE_UNREACHABLE', 'The chain’s node does not answer.')] : []
    return [...silence, ...states.flatMap((state) => [...reasonsOf(state)])]
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return [ofClaims('RELAY_DATABASE_UNREACHABLE', error.message)]
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
  } = state
  const isNeeded = !isRemoved && balance !== undefined
  if (isUnfunded || (isNeeded && balance < claimPrice)) {
    yield ofClaims('RELAYER_OUT_OF_FUNDS', `${signer} holds ${balance ?? 'an unknown number of'} wei.`)
  } else if (isNeeded && balance < LOW_CLAIMS * claimPrice) {
    yield ofClaims('RELAYER_FUNDS_LOW', `${signer} holds ${balance} wei; a claim may take ${claimPrice}.`)
  }
  if (!isRemoved && budget - spent < claimPrice) {
    yield ofClaims('RELAYER_BUDGET_SPENT', `${signer} has spent ${spent} of ${budget} wei within 24 hours.`)
  }
  if (isStuck || oldestUnmined >= STUCK_AFTER) {
    const seconds = Math.floor(oldestUnmined)
    yield ofClaims('RELAYER_STUCK', `${signer} has ${unmined} unmined transactions, the oldest for ${seconds} s.`)
  }
}
