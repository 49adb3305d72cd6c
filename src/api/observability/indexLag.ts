import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { PublicClient } from 'viem'
import { repeat } from '../../../core/repeat.ts'
import type { IndexReader } from '../index/reader.ts'
import { addGauge } from './gauge.ts'

const CHECK_INTERVAL_MS = 2_000

/** While the index stores blocks, which shows that the chain moves, the node is asked only so often. */
const CHAIN_INTERVAL_MS = 6_000

/** How many of the chain's blocks that the index lacks are remembered: enough for half an hour. */
const MAX_REMEMBERED = 1_000

type Options = {
  client: PublicClient
  index: Pick<IndexReader, 'readHead'>
  /** How long the index may be behind the chain without indexing a block before it counts as stalled. */
  stallSeconds: number
  logger: Logger
}

/**
 * How far the index is behind the chain: both latest blocks, how many seconds ago the chain got the first block that the
 * index lacks, for how many seconds the index has been behind without indexing a block, how many seconds ago the node
 * last returned its latest block, and for how many seconds up to then it had returned no higher one. A block is undefined
 * until it is first read.
 */
export type Lag = {
  chain: bigint | undefined
  head: bigint | undefined
  behind: number
  stalled: number
  unseen: number
  unchanged: number
}

/**
 * Checks whether the index follows the chain. The index alone cannot show it: an indexer that hangs or has stopped looks
 * like one whose chain makes no blocks, and in both cases the age of its head grows.
 */
export function watchIndexLag({ client, index, stallSeconds, logger }: Options) {
  let chain: bigint | undefined
  let head: bigint | undefined
  /** The chain's latest blocks that the index lacked, and about since when it has lacked a block of the chain. */
  let lacking: { number: bigint; since: number }[] = []
  let movedAt = performance.now()
  let seenAt = performance.now()
  /** A reorg to a shorter branch, or a node that is behind for a moment, is no progress of the chain. */
  let highest: { number: bigint; since: number } | undefined
  /** When a check last found the chain's latest block, or an index that followed it. */
  let knownAt = performance.now()
  let isMoving = false
  let askedAt = Number.NEGATIVE_INFINITY
  const chainIntervalMs = Math.min(CHAIN_INTERVAL_MS, (1_000 * stallSeconds) / 2)
  let loggedAt = Number.NEGATIVE_INFINITY

  const seconds = (since: number) => Math.floor((performance.now() - since) / 1_000)

  function lag(): Lag {
    // An empty index is in its first backfill, or was never started. `INDEX_ABSENT` already reports that.
    const isBehind = chain !== undefined && head !== undefined && head < chain
    const behind = lacking[0] ? seconds(lacking[0].since) : 0
    // Up to the last answer: neither a silent node nor a pause of this process proves that the chain stopped. Neither the
    // block's timestamp nor the machine's clock counts, because either may be wrong.
    const unchanged = highest ? Math.floor((seenAt - highest.since) / 1_000) : 0
    return { chain, head, behind, stalled: isBehind ? seconds(movedAt) : 0, unseen: seconds(seenAt), unchanged }
  }

  /**
   * About when the chain got the first block that the index lacks, by `performance.now()`: as if the blocks since the node's
   * last answer had come at equal intervals. Where five come in a second, an index that follows the chain lacks the last
   * one at almost every check.
   */
  function lackedSince(latest: bigint, indexed = 0n): number {
    if (chain === undefined || indexed <= chain || indexed >= latest) return knownAt
    const share = Number(indexed - chain) / Number(latest - chain)
    return Math.max(knownAt, seenAt + share * (performance.now() - seenAt))
  }

  async function check() {
    const isDue = !isMoving || performance.now() - askedAt >= chainIntervalMs
    if (isDue) askedAt = performance.now()
    const asking = isDue ? client.getBlockNumber() : undefined
    const [latest, state] = await Promise.allSettled([asking, index.readHead()])
    const seen = state.status === 'fulfilled' ? state.value?.snapshot.number : head
    if (latest.status === 'fulfilled' && latest.value !== undefined) {
      if (latest.value !== chain && lacking.length < MAX_REMEMBERED)
        lacking.push({ number: latest.value, since: lackedSince(latest.value, seen) })
      chain = latest.value
      seenAt = performance.now()
      if (highest === undefined || chain > highest.number) highest = { number: chain, since: seenAt }
    }
    if (latest.status === 'fulfilled') knownAt = performance.now()
    const hasAll = chain !== undefined && seen !== undefined && seen >= chain
    isMoving = head !== undefined && seen !== head
    if (seen !== head || hasAll) movedAt = performance.now()
    head = seen
    lacking = lacking.filter(({ number }) => seen !== undefined && number > seen)
    logStall()
  }

  /** Logs at most once per `stallSeconds`. */
  function logStall() {
    const now = lag()
    if (seconds(loggedAt) < stallSeconds) return
    const latest = toNumber(now.chain)
    const indexed = toNumber(now.head)
    if (now.stalled >= stallSeconds)
      logger.error({ latest, indexed, seconds: now.stalled }, 'The chain moves and head does not')
    else if (now.unseen >= stallSeconds)
      logger.error({ latest, seconds: now.unseen }, 'The node does not return its latest block')
    else return
    loggedAt = performance.now()
  }

  return { lag, stop: repeat(CHECK_INTERVAL_MS, check) }
}

const toNumber = (block: bigint | undefined) => (block === undefined ? null : Number(block))

/** Adds the metrics of the lag to a registry. */
export function measureLag(registry: Registry, lag: () => Lag): void {
  const add = (name: string, help: string, read: (now: Lag) => number) =>
    addGauge(registry, name, help, () => read(lag()))
  add('chain_head_block', "The node's latest block; NaN until it is first read.", ({ chain }) =>
    Number(chain ?? Number.NaN),
  )
  add('chain_head_unseen_seconds', 'How long ago the node last returned its latest block.', ({ unseen }) => unseen)
  add(
    'chain_head_unchanged_seconds',
    'For how long the node has returned no later block, up to its last answer.',
    ({ unchanged }) => unchanged,
  )
  add('index_behind_blocks', 'How many blocks the index is behind the chain; NaN until both are known.', (now) =>
    now.chain === undefined || now.head === undefined ? Number.NaN : Math.max(0, Number(now.chain - now.head)),
  )
  add(
    'index_behind_seconds',
    'How long ago the chain got the first block that the index lacks.',
    ({ behind }) => behind,
  )
  add(
    'index_stalled_seconds',
    'For how long the index has been behind the chain without indexing a block.',
    ({ stalled }) => stalled,
  )
}
