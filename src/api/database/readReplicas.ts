import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { isUnreachable } from '../../../core/database/failures.ts'
import { openReadPool, type ReadPoolOptions } from './readPool.ts'

/** How often each replica's block is read while reads come, and while none do. */
const CHECK_INTERVAL_MS = 100
const IDLE_CHECK_INTERVAL_MS = 1_000

/** A replica that does not answer a check for so long gets no reads. */
const CHECK_TIMEOUT_MS = 1_000

/** A replica that has lacked the latest block for so long is reported. */
const LAGGING_AFTER_MS = 5_000

type Replica = {
  pool: pg.Pool
  /** Its place in `DATABASE_READ_URL`, from 1, and its host. */
  name: string
  /** The block of the index that it had at the last check; undefined if it did not answer, or has none. */
  block: bigint | undefined
  /** When it last had the latest block, by `performance.now()`. */
  currentAt: number
  /** How many queries it runs, and has answered. */
  running: number
  queries: number
}

/** What the process uses of a pool. */
export type ReadPool = Pick<pg.Pool, 'query' | 'end' | 'totalCount' | 'idleCount' | 'waitingCount'>

/** `queries` counts those that it has answered; it is lagging if it has been behind the others or silent for seconds. */
export type ReplicaState = { name: string; queries: number; isLagging: boolean }

type ReadPools = {
  readPool: ReadPool
  /** The state of each replica; empty where there is one database. */
  replicas: () => ReplicaState[]
}

/** Opens the pool of a database, or of several read replicas. */
export function openReadPools(urls: readonly string[], options: Omit<ReadPoolOptions, 'url'>): ReadPools {
  const pools = urls.map((url, place) => ({
    name: `${place + 1}: ${new URL(url).host}`,
    pool: openReadPool({ ...options, url }),
  }))
  const [only, ...others] = pools
  if (only && others.length === 0) return { readPool: only.pool, replicas: () => [] }
  return chooseReplica(pools, options.logger)
}

/**
 * Read replicas as one pool. A query goes to a replica with the latest block that any of them has, of these to the one
 * with the fewest running queries. One that is behind, or does not answer, gets none until it has caught up.
 *
 * It only chooses. Whether an answer may be served is decided by its own snapshot, as with one database: a replica may fall
 * behind after its check, and then the read is repeated.
 */
function chooseReplica(pools: { name: string; pool: pg.Pool }[], logger: Logger): ReadPools {
  const replicas: Replica[] = pools.map((each) => ({
    ...each,
    block: undefined,
    currentAt: performance.now(),
    running: 0,
    queries: 0,
  }))
  let usedAt = Number.NEGATIVE_INFINITY
  let isEnded = false

  /** Those with the latest block. If none has answered, all: the read's own error says why. */
  function current(): Replica[] {
    const blocks = replicas.flatMap(({ block }) => (block === undefined ? [] : [block]))
    const latest = blocks.reduce<bigint | undefined>((one, other) => (one && one > other ? one : other), undefined)
    return replicas.filter(({ block }) => block === latest)
  }

  function choose(): Replica {
    usedAt = performance.now()
    return current().reduce((least, other) => (other.running < least.running ? other : least))
  }

  async function query(...args: unknown[]) {
    const replica = choose()
    replica.running++
    try {
      const result = await (replica.pool.query as (...args: unknown[]) => Promise<pg.QueryResult>)(...args)
      replica.queries++
      return result
    } catch (error) {
      // The retry goes to another.
      if (isUnreachable(error)) replica.block = undefined
      throw error
    } finally {
      replica.running--
    }
  }

  async function check(replica: Replica) {
    const before = replica.block
    replica.block = await blockOf(replica.pool).catch((err) => {
      if (before !== undefined && !isEnded)
        logger.warn({ err, replica: replica.name }, 'A read replica does not answer: it gets no reads')
      return undefined
    })
    for (const each of current()) each.currentAt = performance.now()
    if (before === undefined && replica.block !== undefined)
      logger.info({ replica: replica.name }, 'A read replica answers')
  }

  /** Of each replica by itself: the others are checked while one does not answer. */
  async function follow(replica: Replica) {
    while (!isEnded) {
      await check(replica)
      const isUsed = performance.now() - usedAt < IDLE_CHECK_INTERVAL_MS
      await sleep(isUsed ? CHECK_INTERVAL_MS : IDLE_CHECK_INTERVAL_MS, undefined, { ref: false })
    }
  }

  for (const replica of replicas) void follow(replica)

  const sum = (count: 'totalCount' | 'idleCount' | 'waitingCount') =>
    replicas.reduce((total, { pool }) => total + pool[count], 0)
  const readPool: ReadPool = {
    query: query as pg.Pool['query'],
    async end() {
      isEnded = true
      await Promise.all(replicas.map(({ pool }) => pool.end()))
    },
    get totalCount() {
      return sum('totalCount')
    },
    get idleCount() {
      return sum('idleCount')
    },
    get waitingCount() {
      return sum('waitingCount')
    },
  }
  function states() {
    const now = performance.now()
    return replicas.map(({ name, queries, currentAt }) => ({
      name,
      queries,
      isLagging: now - currentAt > LAGGING_AFTER_MS,
    }))
  }
  return { readPool, replicas: states }
}

/** @returns undefined if nothing is indexed yet. @throws if the replica does not answer in time. */
async function blockOf(pool: pg.Pool): Promise<bigint | undefined> {
  const late = sleep(CHECK_TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`It has not answered within ${CHECK_TIMEOUT_MS} ms`)
  })
  const reading = pool.query<{ number: string }>({ name: 'replica block', text: 'SELECT number FROM head' })
  const { rows } = await Promise.race([reading, late])
  return rows[0] && BigInt(rows[0].number)
}
