// The server of bare sockets of `tools/bench/stream.ts`: it sends an event as large as the API's to each. It ends with its parent.
import { createServer, type Socket } from 'node:net'
import type { BareOrder } from './stream.ts'

/** As many bytes as an event of a run has. */
const EVENT_BYTES = 900

const sockets: Socket[] = []

const server = createServer({ noDelay: true }, (socket) => {
  sockets.push(socket)
  // The readers are killed at the end.
  socket.on('error', () => socket.destroy())
  socket.write('HTTP/1.1 200 OK\r\n\r\nevent: ready\ndata: {}\n\n')
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.(address?.port)
})

process.on('disconnect', () => process.exit())
process.on('message', ({ block }: BareOrder) => {
  const start = `event: run\ndata: {"block":{"number":${block}},"`
  const bytes = Buffer.from(`${start.padEnd(EVENT_BYTES, 'x')}"}\n\n`)
  for (const socket of sockets) socket.write(bytes)
})
