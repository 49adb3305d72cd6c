import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { run, runEvent } from '../../ponder.schema.ts'
import type { Api } from '../../tools/devnet/api.ts'
import { startIndexApi } from '../support/indexApi.ts'
import { checkpointOf } from '../support/indexedTables.ts'
import { readEvents } from '../support/readEvents.ts'
import { eventOf, openRun, seedTime } from '../support/rows.ts'
import { blockHash, emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'

let index: IndexedDatabase
let api: Api
let number = 10n

beforeAll(async () => {
  index = await emptyIndex()
  await index.moveTo({ number, timestamp: seedTime }, (tx) => tx.insert(run).values(openRun(1n)))
})

beforeEach(async () => {
  api = await startIndexApi(index.url, { STREAMS_PER_CLIENT: '2' })
})

afterEach(() => api.stop())

afterAll(async () => {
  await index.close()
})

/** Indexes a block in which the run changes. Its JSON has the text. */
async function changeRun(deliverableHash: string) {
  number += 1n
  const block = { number, timestamp: seedTime }
  await index.moveTo(block, async (tx) => {
    const place = { id: checkpointOf(block, 1n), blockNumber: number, blockHash: blockHash(number) }
    await tx.insert(runEvent).values(eventOf(1n, 1, { ...place, name: 'WorkSubmitted' }))
    await tx.update(run).set({ state: 'SUBMITTED', deliverableHash }).where(eq(run.bountyId, 1n))
  })
}

async function open() {
  const { body } = await fetch(`${api.url}/api/stream`)
  if (!body) throw new Error('The stream has no body')
  const reader = readEvents(body)
  await reader.next()
  return reader
}

async function metric(name: string) {
  const text = await (await fetch(`${api.opsUrl}/metrics`)).text()
  return new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]
}

it('sends a comment with an id every 15 seconds, and no timeout of the server ends a stream', async () => {
  const reader = await open()
  const first = reader.lastId()
  await changeRun('ipfs://work')
  await reader.next()
  await vi.waitUntil(() => reader.comments.length === 1, { timeout: 16_000 })
  expect(reader.lastId()).not.toBe(first)
  expect(reader.end()).toBeUndefined()
  const resumed = await fetch(`${api.url}/api/stream?lastEventId=${reader.lastId()}`)
  expect(resumed.status).toBe(200)
  expect((await fetch(`${api.url}/api/stream`)).status).toBe(429)
  await resumed.body?.cancel()
  await reader.stop()
})

it('closes streams at SIGTERM, and exits at once', async () => {
  const reader = await open()
  const started = performance.now()
  process.kill(api.part.pid, 'SIGTERM')
  expect(await reader.next()).toMatchObject([{ event: 'close', data: { reason: 'SHUTDOWN' } }])
  expect(await api.part.ended).toBe('exited with code 0')
  expect(performance.now() - started).toBeLessThan(3_000)
})

it('cuts a connection that takes nothing, and measures it', async () => {
  const socket = connect(api.port, '127.0.0.1')
  socket.write('GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const closed = new Promise((resolve) => socket.once('close', resolve)).then(() => true)
  const reader = await open()
  await expect.poll(() => metric('streams_open')).toBe('2')
  for (let change = 0; change < 30; change++) {
    await changeRun(`${change}${'x'.repeat(500_000)}`)
    await reader.next()
  }
  await expect.poll(() => metric('streams_ended_total{reason="SLOW_READER"}'), { timeout: 5_000 }).toBe('1')
  expect(await metric('streams_open')).toBe('1')
  expect(Number(await metric('stream_events_total'))).toBeGreaterThan(30)
  // The connection is cut five seconds later. Until then, a client that takes the rest keeps it.
  await sleep(6_000)
  socket.on('error', () => undefined).resume()
  expect(await Promise.race([closed, sleep(2_000)])).toBe(true)
  // The cut prints no stack beside the log.
  for (const line of api.part.output().split('\n')) expect(line).toMatch(/^\{/)
  await reader.stop()
})
