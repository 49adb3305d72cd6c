import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { LocalAccount } from 'viem'
import { Problem } from '../errors.ts'
import { stored, transaction } from './database.ts'

/** How often to look for what other processes left behind. Milliseconds. */
const IDLE_INTERVAL = 500

/** Milliseconds. */
const FAILURE_PAUSE = 500

type Options = {
  pool: pg.Pool
  accounts: LocalAccount[]
  /** Milliseconds between two rounds while something is unmined. */
  interval: number
  /** Resolves once this process may act on what is stored. */
  ready: () => Promise<unknown>
  /** @returns whether something is left that is unmined. */
  keep: (account: LocalAccount) => Promise<boolean>
  logger: Logger
}

/**
 * Goes round the signers as long as the process lives. Every replica has a keeper; a signer is kept by one at a time,
 * and by the next at once when that one dies, for its lock dies with its connection.
 */
export function startKeeper({ pool, accounts, interval, ready, keep, logger }: Options) {
  const stopping = new AbortController()
  let waking = new AbortController()

  async function run() {
    while (!stopping.signal.aborted) {
      waking = new AbortController()
      const pauses = await Promise.all(accounts.map(round))
      await sleep(Math.min(...pauses), undefined, {
        signal: AbortSignal.any([stopping.signal, waking.signal]),
      }).catch(unlessAborted)
    }
  }

  async function round(account: LocalAccount): Promise<number> {
    try {
      await ready()
      return (await keepLocked(account)) ? interval : IDLE_INTERVAL
    } catch (error) {
      const level = error instanceof Problem ? 'warn' : 'error'
      logger[level]({ err: error, signer: account.address }, 'the keeper cannot do its work')
      return FAILURE_PAUSE
    }
  }

  /** What is decided is stored by statements of their own, so that it shows at once: the transaction is but the lock. */
  const keepLocked = (account: LocalAccount) =>
    stored(
      transaction(pool, async (db) => {
        const text = 'SELECT FROM relay.keeper WHERE signer = $1 FOR UPDATE SKIP LOCKED'
        const { rowCount } = await db.query(text, [account.address])
        return rowCount === 0 ? true : keep(account)
      }),
    )

  const ended = run()
  return {
    /** There is something to do. */
    wake: () => waking.abort(),
    async stop() {
      stopping.abort()
      await ended
    },
  }
}

function unlessAborted(error: unknown) {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}
