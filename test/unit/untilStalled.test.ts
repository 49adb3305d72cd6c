import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Checkpoint } from '../../ops/stall/checkpoint.ts'
import { untilStalled } from '../../ops/stall/untilStalled.ts'

/** A logger, and the warnings and errors that were logged. */
function recording() {
  const messages: string[] = []
  const stream = { write: (line: string) => messages.push(JSON.parse(line).msg) }
  return { logger: pino({ level: 'warn' }, stream), messages }
}

type Watched = {
  chainAt: (look: number) => bigint
  checkpointAt: (look: number) => Checkpoint | undefined
  answersAt?: (look: number) => number
  /** Milliseconds. */
  stallTimeout?: number
}

// The time passes only where a test says so.
beforeEach(() => void vi.useFakeTimers({ fakeNodeBuiltins: true }))
afterEach(() => void vi.useRealTimers())

/** Watches a chain and an index at these positions for 350 ms. */
async function watched({ chainAt, checkpointAt, answersAt = () => 0, stallTimeout = 100 }: Watched) {
  const { logger, messages } = recording()
  let chainLooks = 0
  let indexLooks = 0
  let answerLooks = 0
  const stalled = untilStalled({
    readChain: async () => chainAt(chainLooks++),
    readCheckpoint: async () => checkpointAt(indexLooks++),
    countAnswers: () => answersAt(answerLooks++),
    logger,
    interval: 5,
    stallTimeout,
  })
  let isStalled = false
  void stalled.then(() => {
    isStalled = true
  })
  await vi.advanceTimersByTimeAsync(350)
  return { isStalled, messages: new Set(messages) }
}

const checkpoint = (block: number): Checkpoint => ({ block, mark: String(block) })

/** A chain that the index cannot reach. */
const farChain = (look: number) => BigInt(look + 1_000)

test('a chain that moves without the index is a stall', async () => {
  const { isStalled, messages } = await watched({ chainAt: BigInt, checkpointAt: () => checkpoint(1) })
  expect(isStalled).toBe(true)
  expect(messages).toEqual(new Set(['The chain moves and the index does not']))
})

test.each<[string, Watched]>([
  ['a backfill that stops after a commit', { chainAt: farChain, checkpointAt: (look) => checkpoint(look < 3 ? 1 : 2) }],
  [
    'a backfill that stops within its first batch',
    { chainAt: farChain, checkpointAt: () => checkpoint(1), answersAt: (look) => Math.min(look, 5) },
  ],
])('%s is a stall', async (_, positions) => {
  expect(await watched(positions)).toMatchObject({ isStalled: true })
})

test.each<[string, Watched]>([
  ['an index that follows', { chainAt: BigInt, checkpointAt: checkpoint }],
  ['an index that catches up', { chainAt: farChain, checkpointAt: checkpoint }],
  [
    'a backfill that reads one long batch',
    { chainAt: farChain, checkpointAt: () => checkpoint(1), answersAt: (look) => look },
  ],
  ['an indexer that has not begun to index', { chainAt: farChain, checkpointAt: () => checkpoint(1) }],
  [
    'an index at the latest block of a chain without new blocks',
    { chainAt: () => 9n, checkpointAt: () => checkpoint(9) },
  ],
  ['an index that does not exist yet', { chainAt: BigInt, checkpointAt: () => undefined }],
])('%s is no stall', async (_, positions) => {
  expect(await watched(positions)).toEqual({ isStalled: false, messages: new Set() })
})

test('an indexer that does not begin to index is a stall after sixteen times as long', async () => {
  const begin = performance.now()
  const stalled = untilStalled({
    readChain: async () => 100n,
    readCheckpoint: async () => checkpoint(1),
    countAnswers: () => 0,
    logger: recording().logger,
    interval: 5,
    stallTimeout: 20,
  })
  await vi.runAllTimersAsync()
  await stalled
  expect(performance.now() - begin).toBeGreaterThanOrEqual(320)
})

test('reads that fail now and then do not hide a stall', async () => {
  const failing = (look: number) => {
    if (look % 5 === 4) throw new Error('too many requests')
    return BigInt(look)
  }
  const { isStalled, messages } = await watched({ chainAt: failing, checkpointAt: () => checkpoint(1) })
  expect(isStalled).toBe(true)
  expect(messages).toContain('Cannot tell whether the index follows the chain')
})

test.each<[string, Pick<Watched, 'chainAt' | 'checkpointAt'>]>([
  ['node', { chainAt: dead, checkpointAt: () => checkpoint(1) }],
  ['database', { chainAt: BigInt, checkpointAt: dead }],
])('a %s that does not answer is logged and is no stall', async (_, positions) => {
  const { isStalled, messages } = await watched(positions)
  expect(isStalled).toBe(false)
  expect(messages).toEqual(new Set(['Cannot tell whether the index follows the chain']))
})

function dead(look: number): never {
  throw new Error(`dead at look ${look}`)
}

test('the time in which reads fail does not count', async () => {
  const failing = (look: number) => (look > 2 && look < 40 ? dead(look) : BigInt(look))
  const { isStalled } = await watched({ chainAt: failing, checkpointAt: () => checkpoint(1), stallTimeout: 200 })
  expect(isStalled).toBe(false)
})

test('the chain is not read while the index moves', async () => {
  let chainReads = 0
  const countRead = (read: number) => {
    chainReads = read + 1
    return BigInt(read)
  }
  await watched({ chainAt: countRead, checkpointAt: checkpoint })
  expect(chainReads).toBe(1)
})
