// The process that holds the streams of `tools/bench/stream.ts`. It ends with its parent.
import { connect } from 'node:net'
import type { Delivery, ReadersOrder } from './stream.ts'

/** Connections that are opened at once. */
const OPENING = 100

process.on('disconnect', () => process.exit())
process.once('message', (order: ReadersOrder) => void read(order))

async function read({ port, streams }: ReadersOrder) {
  /** How many streams have each block. */
  const counts = new Map<number, number>()

  function note(block: number) {
    const count = (counts.get(block) ?? 0) + 1
    counts.set(block, count)
    if (count === streams) process.send?.({ block, at: Number(process.hrtime.bigint()) / 1e6 } satisfies Delivery)
  }

  for (let opened = 0; opened < streams; opened += OPENING) {
    const some = Math.min(OPENING, streams - opened)
    await Promise.all(Array.from({ length: some }, () => openStream(port, note)))
  }
  process.send?.('open')
}

/** Opens a stream on a bare socket, so that this process takes little of the machine. Resolves at its `ready`. */
function openStream(port: number, note: (block: number) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let last = 0
  socket.setEncoding('latin1')
  socket.write('GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
  socket.on('data', (text: unknown) => {
    const chunk = String(text)
    if (chunk.includes('event: ready')) resolve()
    const block = Number(/"block":\{"number":(\d+)/.exec(chunk)?.[1] ?? 0)
    if (chunk.includes('event: run') && block > last) {
      last = block
      note(block)
    }
  })
  socket.on('error', reject)
  socket.on('close', () => {
    throw new Error('A stream has ended')
  })
  return promise
}
