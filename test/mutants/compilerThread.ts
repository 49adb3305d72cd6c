// A worker of compiler.ts: answers each connection's standard JSON with that of the compiler.
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { parentPort, workerData } from 'node:worker_threads'
import solc from 'solc'

const server = createServer({ allowHalfOpen: true }, async (socket) => {
  socket.end(solc.compile(await text(socket)))
})
server.listen(workerData, () => parentPort?.postMessage('listening'))
