import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createFairLane } from '../../core/fairLane.ts'

const stays = new AbortController().signal
const waiting = 'tasks wait'
const refuseFull = (detail: string) => new Error(`full: ${detail}`)
const refuseGone = (detail: string) => new Error(`gone: ${detail}`)

test('a lane limits the tasks that run concurrently', async () => {
  const run = createFairLane({ concurrency: 2, maxWaitingPerClient: 100, waiting, refuseFull, refuseGone })
  let running = 0
  let most = 0
  const task = async () => {
    most = Math.max(most, ++running)
    await sleep(2)
    running--
  }
  await Promise.all(Array.from({ length: 20 }, () => run({ client: 'a', gone: stays }, task)))
  expect(most).toBe(2)
})

test('clients take turns: many tasks of one client delay another client by one task', async () => {
  const run = createFairLane({ concurrency: 1, maxWaitingPerClient: 100, waiting, refuseFull, refuseGone })
  const order: string[] = []
  const task = (name: string) => async () => {
    await sleep(1)
    order.push(name)
  }
  const flood = Array.from({ length: 10 }, () => run({ client: 'flood', gone: stays }, task('flood')))
  await Promise.all([...flood, run({ client: 'honest', gone: stays }, task('honest'))])
  expect(order.indexOf('honest')).toBeLessThanOrEqual(2)
})

test('only a client with too many waiting tasks is refused', async () => {
  const run = createFairLane({ concurrency: 1, maxWaitingPerClient: 3, waiting, refuseFull, refuseGone })
  const { promise, resolve } = Promise.withResolvers<void>()
  const accepted = Array.from({ length: 4 }, () => run({ client: 'a', gone: stays }, () => promise))
  await expect(run({ client: 'a', gone: stays }, () => promise)).rejects.toThrow('full: 3 tasks wait, all of a.')
  const other = run({ client: 'b', gone: stays }, async () => 'done')
  resolve()
  await Promise.all(accepted)
  expect(await other).toBe('done')
})

test('a task whose client disconnects is not run, and a failed task frees its slot', async () => {
  const run = createFairLane({ concurrency: 1, maxWaitingPerClient: 3, waiting, refuseFull, refuseGone })
  const leaves = new AbortController()
  const first = run({ client: 'a', gone: stays }, async () => {
    await sleep(10)
    throw new Error('failed')
  })
  let ran = false
  const second = run({ client: 'a', gone: leaves.signal }, async () => {
    ran = true
  })
  leaves.abort()
  await expect(second).rejects.toThrow('gone: The client has disconnected.')
  await expect(first).rejects.toThrow('failed')
  expect(await run({ client: 'a', gone: stays }, async () => 'next')).toBe('next')
  expect(ran).toBe(false)
})
