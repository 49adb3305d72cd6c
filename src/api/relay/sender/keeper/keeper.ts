import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from 'viem'
import { listenTo } from '../../../../../core/database/notifications.ts'
import { Refusal } from '../../refusal.ts'
import type { Actions } from '../action.ts'
import type { SenderContext } from '../context.ts'
import { LEASE_SECONDS, type Lease, releaseLease, renewLease, signersWithWork, takeLease } from '../store/leases.ts'
import { TX_CHANNEL } from '../store/transactions.ts'
import { createReconcile } from './reconcileSigner.ts'

/**
 * How often the lease of a signer with work is renewed. Without a renewal it is used for twice as long. Milliseconds.
 */
const RENEWAL_MS = (LEASE_SECONDS * 1_000) / 3

/**
 * The first delay before a signer with unsettled transactions is checked again. It doubles up to the interval.
 * Milliseconds.
 */
const FIRST_RETRY_MS = 50

/** How many intervals without work pass between checks for signers that another replica left. */
const IDLE_INTERVALS = 5

type Options = {
  /** Names this replica in its leases. */
  holder: string
  actions: Actions
}

/**
 * Reconciles the signers that have unsettled transactions: at each new head, after a transaction was sent, and when a
 * transaction is due to be sent again. Every replica has a keeper. A lease assigns each signer to one keeper, and to
 * another one once that keeper ends or is paused.
 */
export function startKeeper(context: SenderContext, { holder, actions }: Options) {
  const { pool, databaseUrl, heads, keeperInterval: interval, whenReady, logger } = context
  const reconcile = createReconcile(context, actions)
  const stopping = new AbortController()
  const notifications = listenTo({ url: databaseUrl, channel: TX_CHANNEL, logger })
  const search = createSleeper(stopping.signal)
  const working = new Map<Address, { sleeper: Sleeper; ended: Promise<void> }>()
  /** The leases of this replica. They may have expired. */
  const leases = new Map<Address, { lease: Lease; renewedAt: number }>()
  /** When a signer's lease was last found to be another replica's. */
  const refusedAt = new Map<Address, number>()
  let searchingSoon: NodeJS.Timeout | undefined

  /** Finds signers with work and without a keeper. */
  async function run() {
    while (!stopping.signal.aborted) {
      search.clear()
      await logged({}, async () => {
        await whenReady()
        const signers = await signersWithWork(pool, holder, actions.hasStranded)
        for (const { address, isFree } of signers) if (isFree) begin(address)
        if (signers.length > 0 || !notifications.isLive()) searchSoon()
      })
      await search.sleep(IDLE_INTERVALS * interval)
    }
  }

  function searchSoon() {
    searchingSoon ??= setTimeout(() => {
      searchingSoon = undefined
      search.wake()
    }, interval).unref()
  }

  /** Starts the signer's loop, or wakes it. */
  function begin(signer: Address) {
    const known = working.get(signer)
    if (known) return known.sleeper.wake()
    if (stopping.signal.aborted) return
    const sleeper = createSleeper(stopping.signal)
    const ended = logged({ signer }, () => work(signer, sleeper)).then(() => {
      working.delete(signer)
      // A wake that came after the loop's last check.
      if (sleeper.isAwake()) begin(signer)
    })
    working.set(signer, { sleeper, ended })
  }

  async function work(signer: Address, sleeper: Sleeper) {
    const renewing = setInterval(() => renew(signer), RENEWAL_MS)
    try {
      for (let retry = FIRST_RETRY_MS; !stopping.signal.aborted; retry *= 2) {
        sleeper.clear()
        const lease = await leaseOf(signer)
        if (!lease) return searchSoon()
        const { head, isSettled, dueIn } = await reconcile(lease)
        if (isSettled) retry = FIRST_RETRY_MS
        if (isSettled && dueIn === Number.POSITIVE_INFINITY && !sleeper.isAwake()) return
        const pause = Math.min(interval, dueIn, isSettled ? interval : retry)
        await sleeper.sleep(pause, (signal) => heads.after(head, signal))
      }
    } finally {
      clearInterval(renewing)
    }
  }

  /** A lease without work is not renewed. The next replica with work for the signer takes it again. */
  async function leaseOf(signer: Address): Promise<Lease | undefined> {
    const known = leases.get(signer)
    if (known && performance.now() - known.renewedAt < 2 * RENEWAL_MS) return known.lease
    const lease = await takeLease(pool, holder, signer)
    if (lease) leases.set(signer, { lease, renewedAt: performance.now() })
    else leases.delete(signer)
    if (!lease) refusedAt.set(signer, performance.now())
    return lease
  }

  function renew(signer: Address) {
    const known = leases.get(signer)
    if (!known) return
    renewLease(pool, known.lease).then(
      (isRenewed) => {
        if (isRenewed) known.renewedAt = performance.now()
        else if (leases.get(signer) === known) leases.delete(signer)
      },
      (err) => logger.warn({ err, signer }, 'cannot renew a lease'),
    )
  }

  async function logged(what: { signer?: Address }, task: () => Promise<unknown>) {
    try {
      await task()
    } catch (error) {
      const level = error instanceof Refusal ? 'warn' : 'error'
      logger[level]({ err: error, ...what }, 'the keeper cannot do its work')
      searchSoon()
    }
  }

  notifications.subscribe((signer) => {
    if (signer !== undefined && leases.has(signer as Address)) begin(signer as Address)
    else searchSoon()
  })

  const ended = run()
  return {
    /** This process has sent a transaction of the signer. */
    wake(signer: Address) {
      const isElsewhere = performance.now() - (refusedAt.get(signer) ?? Number.NEGATIVE_INFINITY) < interval
      if (!isElsewhere || working.has(signer)) begin(signer)
    },
    async stop() {
      stopping.abort()
      clearTimeout(searchingSoon)
      await Promise.all([ended, ...[...working.values()].map((one) => one.ended), notifications.close()])
      await Promise.allSettled([...leases.values()].map(({ lease }) => releaseLease(pool, lease)))
    },
  }
}

type Sleeper = ReturnType<typeof createSleeper>

/** Lets a loop sleep until it is woken. A wake while the loop runs ends its next sleep at once. */
function createSleeper(stopping: AbortSignal) {
  let alarm = new AbortController()
  return {
    wake: () => alarm.abort(),
    isAwake: () => alarm.signal.aborted,
    clear() {
      alarm = new AbortController()
    },
    /** @param event also ends the sleep when it resolves. If it rejects, only the timeout ends the sleep. */
    async sleep(milliseconds: number, event?: (signal: AbortSignal) => Promise<unknown>) {
      const awake = new AbortController()
      const signal = AbortSignal.any([stopping, alarm.signal, awake.signal])
      const wake = () => awake.abort()
      const slept = sleep(milliseconds, undefined, { signal }).catch(unlessAborted)
      event?.(signal).then(wake, () => undefined)
      await slept
      awake.abort()
    },
  }
}

function unlessAborted(error: unknown) {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}
