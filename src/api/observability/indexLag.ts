import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import { createChainClient } from '../chainClient.ts'
import type { IndexReader } from '../queries/indexReader.ts'

/** Between two looks at the chain. Milliseconds. */
const INTERVAL = 2_000

/** How long the node may take to say its latest block. Milliseconds. */
const RPC_TIMEOUT = 5_000

type Options = {
  rpcUrl: string
  index: Pick<IndexReader, 'look'>
  /** How long the index may be behind without a move before that is an alarm. Seconds. */
  patience: number
  logger: Logger
  /** Milliseconds. */
  interval?: number
}

/**
 * How far the index is from the chain: the blocks that it lacks, for how many seconds it has lacked some without a move,
 * and how many ago the node last said its latest block. Undefined is what was never seen.
 */
export type Lag = { chain: bigint | undefined; head: bigint | undefined; stalled: number; unseen: number }

export type IndexLag = ReturnType<typeof watchIndexLag>

/**
 * Watches, with a client of its own, whether the index follows the chain. Ponder itself does not tell: an indexer that
 * waits for an answer for ever, or that nobody started again, looks like one whose chain stands still. And the index's
 * own figures cannot tell, for the age of its head grows on a chain that makes no blocks too.
 */
export function watchIndexLag({ rpcUrl, index, patience, logger, interval = INTERVAL }: Options) {
  const client = createChainClient(rpcUrl, { http: { retryCount: 0, timeout: RPC_TIMEOUT }, cacheTime: 0 })
  const stopping = new AbortController()
  let [chain, head]: (bigint | undefined)[] = [undefined, undefined]
  let [movedAt, seenAt, toldAt] = [performance.now(), performance.now(), Number.NEGATIVE_INFINITY]

  const seconds = (since: number) => Math.floor((performance.now() - since) / 1_000)

  function lag(): Lag {
    // An empty index is in its first backfill, or was never started: that is plain to see without this.
    const isBehind = chain !== undefined && head !== undefined && head < chain
    return { chain, head, stalled: isBehind ? seconds(movedAt) : 0, unseen: seconds(seenAt) }
  }

  async function look() {
    const [latest, state] = await Promise.allSettled([client.getBlockNumber(), index.look()])
    if (latest.status === 'fulfilled') [chain, seenAt] = [latest.value, performance.now()]
    const seen = state.status === 'fulfilled' ? state.value?.snapshot.number : head
    const hasAll = chain !== undefined && seen !== undefined && seen >= chain
    if (seen !== head || hasAll) movedAt = performance.now()
    head = seen
    tell()
  }

  /** Once in each patience. */
  function tell() {
    const now = lag()
    if (seconds(toldAt) < patience) return
    const [latest, indexed] = [now.chain, now.head].map((block) => (block === undefined ? null : Number(block)))
    if (now.stalled >= patience)
      logger.error({ latest, indexed, seconds: now.stalled }, 'The chain moves and head does not')
    else if (now.unseen >= patience)
      logger.error({ latest, seconds: now.unseen }, 'The node does not say its latest block')
    else return
    toldAt = performance.now()
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await look()
      await sleep(interval, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  })()

  return {
    lag,
    /** Why answers are of the past, in a sentence; undefined as long as they are not, or nobody can tell. */
    stall(): string | undefined {
      const { chain, head, stalled } = lag()
      if (stalled < patience) return undefined
      return `The chain is at block ${chain}, the index has not moved from ${head} for ${stalled} seconds.`
    },
    async stop() {
      stopping.abort()
      await loop
    },
  }
}

/** Adds the lag to a registry. */
export function measureLag(registry: Registry, { lag }: IndexLag): void {
  const watch = (name: string, help: string, read: (now: Lag) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(lag()))
      },
    })
  watch('chain_head_block', "The node's latest block; NaN where it was never seen.", ({ chain }) =>
    Number(chain ?? Number.NaN),
  )
  watch('chain_head_unseen_seconds', 'How long ago the node last said its latest block.', ({ unseen }) => unseen)
  watch(
    'index_stalled_seconds',
    'For how long the chain has had blocks that the index lacks, without a move of the index.',
    ({ stalled }) => stalled,
  )
}
