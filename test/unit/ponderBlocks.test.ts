import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { joinBlocks } from '../../ops/ponderBlocks.ts'

type Live = Parameters<typeof joinBlocks>[0] extends AsyncIterator<infer Event> ? Event : never

const block = (number: number, events = 1) => ({
  type: 'block' as const,
  events: Array.from({ length: events }, (_, place) => `${number}.${place}`),
  checkpoint: `${number}`,
})

/** What is stored: the checkpoint of each transaction and its events, or the type of another event. */
async function stored(live: AsyncIterator<Live>) {
  const seen: unknown[] = []
  for await (const event of joinBlocks(live))
    seen.push(event.type === 'block' ? [event.checkpoint, event.events] : event.type)
  return seen
}

async function* waiting(...events: Live[]) {
  yield* events
}

test('blocks that wait are stored together, in their order, with the checkpoint of the last', async () => {
  expect(await stored(waiting(block(1), block(2, 2), block(3)))).toEqual([['3', ['1.0', '2.0', '2.1', '3.0']]])
})

test('a reorg, and blocks that become final, stay between the blocks before and after', async () => {
  const live = waiting(
    block(1),
    block(2),
    { type: 'finalize' },
    block(3),
    { type: 'reorg' },
    { type: 'reorg' },
    block(3),
  )
  expect(await stored(live)).toEqual([
    ['2', ['1.0', '2.0']],
    'finalize',
    ['3', ['3.0']],
    'reorg',
    'reorg',
    ['3', ['3.0']],
  ])
})

test('a block waits for no later one', async () => {
  const arrived: string[] = []
  async function* following() {
    for (const number of [1, 2, 3]) {
      yield block(number)
      await sleep(20)
      arrived.push(`${number} stored`)
    }
  }
  for await (const event of joinBlocks(following())) if (event.type === 'block') arrived.push(event.checkpoint)
  expect(arrived).toEqual(['1', '1 stored', '2', '2 stored', '3', '3 stored'])
})

test('one transaction has a bounded number of blocks and of events', async () => {
  const empty = Array.from({ length: 120 }, (_, number) => block(number, 0))
  expect(await stored(waiting(...empty))).toEqual(['49', '99', '119'].map((checkpoint) => [checkpoint, []]))
  const full = await stored(waiting(block(1, 1_500), block(2, 400), block(3, 400), block(4, 3_000), block(5)))
  expect((full as [string, string[]][]).map(([checkpoint, events]) => [checkpoint, events.length])).toEqual([
    ['2', 1_900],
    ['3', 400],
    ['4', 3_000],
    ['5', 1],
  ])
})

test('each block of a transaction learns that it is stored', async () => {
  const accepted: string[] = []
  const listening = (number: number) => ({ ...block(number), blockCallback: () => accepted.push(`${number}`) })
  for await (const event of joinBlocks(waiting(listening(1), block(2), listening(3))))
    if (event.type === 'block') event.blockCallback?.(true)
  expect(accepted).toEqual(['1', '3'])
})
