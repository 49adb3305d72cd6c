import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Address } from 'viem'
import { Problem } from '../../errors.ts'
import { stored, transaction } from '../store/database.ts'
import type { Signer } from '../submission/signing.ts'

/** How often to look for what other processes left behind. Milliseconds. */
const IDLE_INTERVAL = 500

/** Milliseconds. */
const FAILURE_PAUSE = 500

/** An address that has sent transactions, and who signs for it; nobody where its key was removed. */
export type Kept = { address: Address; signer: Signer | undefined }

type Options = {
  pool: pg.Pool
  /** Those to go round. */
  kept: () => Promise<Kept[]>
  /** Milliseconds between two rounds while something is unmined. */
  interval: number
  /** Resolves once this process may act on what is stored. */
  ready: () => Promise<unknown>
  /** @returns whether something is left that is unmined. */
  keep: (kept: Kept) => Promise<boolean>
  logger: Logger
}

/**
 * Goes round the signers as long as the process lives. Every replica has a keeper; a signer is kept by one at a time,
 * and by the next at once when that one dies, for its lock dies with its connection.
 */
export function startKeeper({ pool, kept, interval, ready, keep, logger }: Options) {
  const stopping = new AbortController()
  let waking = new AbortController()
  let isIdle = false
  let isWoken = false

  async function run() {
    while (!stopping.signal.aborted) {
      waking = new AbortController()
      isIdle = isWoken = false
      const rest = await roundAll()
      // What came while this round went on may not be in it.
      const pause = isWoken ? Math.min(rest, interval) : rest
      isIdle = pause > interval
      await sleep(pause, undefined, {
        signal: AbortSignal.any([stopping.signal, waking.signal]),
      }).catch(unlessAborted)
    }
  }

  /** @returns how long to pause. */
  const roundAll = () =>
    orPause({}, async () => {
      await ready()
      return Math.min(IDLE_INTERVAL, ...(await Promise.all((await kept()).map(round))))
    })

  const round = (one: Kept) =>
    orPause({ signer: one.address }, async () => ((await keepLocked(one)) ? interval : IDLE_INTERVAL))

  async function orPause(what: { signer?: Address }, work: () => Promise<number>): Promise<number> {
    try {
      return await work()
    } catch (error) {
      const level = error instanceof Problem ? 'warn' : 'error'
      logger[level]({ err: error, ...what }, 'the keeper cannot do its work')
      return FAILURE_PAUSE
    }
  }

  /** What is decided is stored by statements of their own, so that it shows at once: the transaction is but the lock. */
  const keepLocked = (one: Kept) =>
    stored(
      transaction(pool, async (db) => {
        const text = 'SELECT FROM relay.keeper WHERE signer = $1 FOR UPDATE SKIP LOCKED'
        const { rowCount } = await db.query(text, [one.address])
        return rowCount === 0 ? true : keep(one)
      }),
    )

  const ended = run()
  return {
    /** There is something to do: one that idles looks at once. */
    wake() {
      isWoken = true
      if (isIdle) waking.abort()
    },
    async stop() {
      stopping.abort()
      await ended
    },
  }
}

function unlessAborted(error: unknown) {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}
