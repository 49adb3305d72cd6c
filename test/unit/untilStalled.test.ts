import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { type Progress, untilStalled } from '../../ops/stall/untilStalled.ts'

/** A logger, and the warnings and errors that were logged. */
function recording() {
  const messages: string[] = []
  const stream = { write: (line: string) => messages.push(JSON.parse(line).msg) }
  return { logger: pino({ level: 'warn' }, stream), messages }
}

/** Watches a chain and an index at these positions for a while. */
async function watched(chainAt: (look: number) => bigint, progressAt: (look: number) => Progress | undefined) {
  const { logger, messages } = recording()
  let chainLooks = 0
  let indexLooks = 0
  const stalled = untilStalled({
    readChain: async () => chainAt(chainLooks++),
    readProgress: async () => progressAt(indexLooks++),
    logger,
    interval: 5,
    stallTimeout: 100,
  })
  const isStalled = await Promise.race([stalled.then(() => true), sleep(350, false)])
  return { isStalled, messages: new Set(messages) }
}

test('a chain that moves without the index is a stall', async () => {
  const { isStalled, messages } = await watched(BigInt, () => ({ block: 1, mark: 'same' }))
  expect(isStalled).toBe(true)
  expect(messages).toEqual(new Set(['The chain moves and head does not']))
})

test.each([
  ['an index that follows', BigInt, (look: number) => ({ block: look, mark: String(look) })],
  ['an index that catches up', BigInt, (look: number) => ({ block: 1, mark: String(look) })],
  ['an index that has not caught up yet', (look: number) => BigInt(look + 100), () => ({ block: 1, mark: 'same' })],
  ['an index at the latest block of a chain without new blocks', () => 9n, () => ({ block: 9, mark: 'same' })],
  ['an index that does not exist yet', BigInt, () => undefined],
] as const)('%s is no stall', async (_, chainAt, progressAt) => {
  expect(await watched(chainAt, progressAt)).toEqual({ isStalled: false, messages: new Set() })
})

test('an index that does not catch up is a stall after sixteen times as long', async () => {
  const { logger } = recording()
  const begin = performance.now()
  await untilStalled({
    readChain: async () => 100n,
    readProgress: async () => ({ block: 1, mark: 'same' }),
    logger,
    interval: 5,
    stallTimeout: 20,
  })
  expect(performance.now() - begin).toBeGreaterThanOrEqual(320)
})

test('a node that does not answer is logged and is no stall', async () => {
  const { isStalled, messages } = await watched(
    () => {
      throw new Error('dead')
    },
    () => ({ block: 1, mark: 'same' }),
  )
  expect(isStalled).toBe(false)
  expect(messages).toEqual(new Set(['Cannot tell whether the index follows the chain']))
})
