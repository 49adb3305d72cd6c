import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type TcpProxy = Awaited<ReturnType<typeof startTcpProxy>>

/** Both sockets of a connection through the proxy, and whether it is frozen. */
type Flow = { ends: [Socket, Socket]; isFrozen: boolean }

/** What breaks a connection: the client's bytes are lost, or the server's answer to them. */
export type Breakage = 'lost request' | 'lost answer'

/** Looks at what the client of one connection sends, and may break the connection there. */
type Inspect = (bytes: Buffer) => Breakage | undefined

/**
 * An address that leads to one server and then to another, as the name of a managed database does.
 * @param inspectorOf makes the function that inspects a connection; none is inspected if absent.
 */
export async function startTcpProxy(port: number, inspectorOf: () => Inspect = () => () => undefined) {
  let target = port
  let isSilent = false
  let isPaused = false
  let isCut = false
  const flows = new Set<Flow>()

  const server = createServer((socket) => {
    if (isCut) return socket.destroy()
    const flow: Flow = { ends: [socket, connect(target, '127.0.0.1')], isFrozen: false }
    const [client, upstream] = flow.ends
    flows.add(flow)
    const inspect = inspectorOf()
    pass(flow, client, upstream, (bytes) => {
      const breakage = inspect(bytes)
      if (breakage === 'lost request') client.destroy()
      if (breakage === 'lost answer') upstream.prependListener('data', () => client.destroy())
      return breakage !== 'lost request'
    })
    pass(flow, upstream, client)
    if (isPaused) for (const end of flow.ends) end.pause()
  })

  /** Passes on what one end sends if it may pass, and its end. */
  function pass(flow: Flow, from: Socket, to: Socket, mayPass = (_: Buffer) => true) {
    const end = () => {
      if (flow.isFrozen) return
      flows.delete(flow)
      to.destroy()
    }
    from.on('error', end)
    from.on('close', end)
    from.on('data', (bytes: Buffer) => isSilent || flow.isFrozen || !mayPass(bytes) || to.write(bytes))
  }

  function destroyAll() {
    for (const { ends } of flows) for (const socket of ends) socket.destroy()
    flows.clear()
  }

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
    /** Whether all bytes wait, on new connections too, as while a network resends what it lost. */
    setPaused(paused: boolean) {
      isPaused = paused
      for (const end of [...flows].flatMap(({ ends }) => ends)) {
        if (paused) end.pause()
        else end.resume()
      }
    },
    /**
     * From now on the connections that are open lose all bytes in both directions, as behind a firewall that has
     * forgotten them: neither end gets to know when the other one closes. New connections work.
     * @returns how many connections it froze.
     */
    freeze(): number {
      for (const flow of flows) flow.isFrozen = true
      return flows.size
    },
    /** Ends every connection; new ones work. */
    drop: destroyAll,
    /** Ends every connection, and refuses new ones. */
    cut() {
      isCut = true
      destroyAll()
    },
    async stop() {
      server.close()
      destroyAll()
      await once(server, 'close')
    },
  }
}
