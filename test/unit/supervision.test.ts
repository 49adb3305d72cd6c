import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { supervise } from '../../ops/supervision/supervise.ts'
import { type Progress, watchHead } from '../../ops/supervision/watchHead.ts'

/** A logger, and the warnings and errors that were logged. */
function recording() {
  const messages: string[] = []
  const stream = { write: (line: string) => messages.push(JSON.parse(line).msg) }
  return { logger: pino({ level: 'warn' }, stream), messages }
}

/** Supervises a Node process that runs this code. */
const supervised = (code: string, logger: pino.Logger) =>
  supervise({ command: process.execPath, args: ['-e', code], logger, firstPause: 20 })

test('exit code 1 ends the supervisor with the same code', async () => {
  const { logger, messages } = recording()
  expect(await supervised('process.exit(1)', logger).ended).toBe(1)
  expect(messages).toEqual(['The indexer cannot run with its configuration'])
})

test('the supervisor restarts after exit code 75 and a kill, and not after a stop', async () => {
  for (const end of ['process.exit(75)', `process.kill(process.pid, 'SIGKILL')`]) {
    const { logger, messages } = recording()
    const supervisor = supervised(end, logger)
    while (messages.length < 3) await sleep(20)
    supervisor.stop()
    expect(await supervisor.ended).toBe(0)
    expect(new Set(messages)).toEqual(new Set(['The indexer ended and will be restarted']))
  }
})

test('a restart ends the running process and starts another', async () => {
  const { logger, messages } = recording()
  const supervisor = supervised('setInterval(() => {}, 1_000)', logger)
  supervisor.restart()
  while (messages.length < 1) await sleep(20)
  supervisor.stop()
  expect(await supervisor.ended).toBe(0)
})

/** Watches a chain and an index that are at the given positions, and counts the stall alarms. */
async function alarms(chainAt: (look: number) => bigint, progressAt: (look: number) => Progress | undefined) {
  const { logger, messages } = recording()
  let chainLooks = 0
  let indexLooks = 0
  let stalls = 0
  const watch = watchHead({
    readChain: async () => chainAt(chainLooks++),
    readProgress: async () => progressAt(indexLooks++),
    onStall: () => stalls++,
    logger,
    interval: 5,
    stallTimeout: 100,
  })
  await sleep(350)
  await watch.stop()
  return { stalls, messages: new Set(messages) }
}

test('a chain that moves without the index raises an alarm, and the next after twice as long', async () => {
  const { stalls, messages } = await alarms(BigInt, () => ({ block: 1n, mark: 'same' }))
  expect(stalls).toBeGreaterThanOrEqual(1)
  expect(stalls).toBeLessThanOrEqual(2)
  expect(messages).toEqual(new Set(['The chain moves and head does not']))
})

test.each([
  ['an index that follows', BigInt, (look: number) => ({ block: BigInt(look), mark: String(look) })],
  ['an index that catches up', BigInt, (look: number) => ({ block: 1n, mark: String(look) })],
  ['an index at the latest block of a chain without new blocks', () => 9n, () => ({ block: 9n, mark: 'same' })],
  ['an index that does not exist yet', BigInt, () => undefined],
] as const)('%s raises no alarm', async (_, chainAt, progressAt) => {
  expect(await alarms(chainAt, progressAt)).toEqual({ stalls: 0, messages: new Set() })
})

test('a node that does not answer is logged and raises no alarm', async () => {
  const { stalls, messages } = await alarms(
    () => {
      throw new Error('dead')
    },
    () => ({ block: 1n, mark: 'same' }),
  )
  expect(stalls).toBe(0)
  expect(messages).toEqual(new Set(['Cannot tell whether the index follows the chain']))
})
