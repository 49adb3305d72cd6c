import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type TcpProxy = Awaited<ReturnType<typeof startTcpProxy>>

/** An address that leads to one server and then to another, as the name of a managed database does. */
export async function startTcpProxy(port: number) {
  let target = port
  let isSilent = false
  let isCut = false
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    if (isCut) return socket.destroy()
    const upstream = connect(target, '127.0.0.1')
    for (const [end, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(end)
      end.on('error', () => other.destroy())
      end.on('close', () => sockets.delete(end) && other.destroy())
      end.on('data', (bytes) => isSilent || other.write(bytes))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  return {
    /** The same URL at this address. */
    urlOf(databaseUrl: string) {
      const url = new URL(databaseUrl)
      url.port = String(bound)
      return url.href
    },
    /** New connections lead to another server; open ones stay. */
    moveTo(next: number) {
      target = next
    },
    /** Whether all bytes are lost, on open connections too, while every connection stays open. */
    setSilent(silent: boolean) {
      isSilent = silent
    },
    /** Ends every connection, and refuses new ones. */
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
