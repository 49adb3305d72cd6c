import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startIndexApi } from '../support/indexApi.ts'
import { seedTime, wallet } from '../support/rows.ts'
import { emptyIndex } from './indexedDatabase.ts'

const FLOOD = 300
const FLOODING = '203.0.113.1'
const HONEST = '203.0.113.2'

it('a claim of another client enters before the claims of one client that have arrived earlier', async () => {
  await using parts = new AsyncDisposableStack()
  const index = await emptyIndex()
  parts.defer(() => index.close())
  await index.moveTo({ number: 10n, timestamp: seedTime })
  // Without a relayer's key it answers a claim as soon as the claim has entered.
  const api = await startIndexApi(index.url, { TRUST_PROXY: '1' })
  parts.defer(api.stop)

  const answered: string[] = []
  const clients = [...Array.from({ length: FLOOD }, () => FLOODING), HONEST]
  const sockets = await Promise.all(
    clients.map(async (client) => {
      const socket = connect(api.port, '127.0.0.1')
      parts.defer(() => void socket.destroy())
      // An answer shows that the API has accepted the connection, so that it reads all claims at once later.
      socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await once(socket, 'data')
      return { socket, client }
    }),
  )
  for (const { socket, client } of sockets) socket.once('data', () => answered.push(client))
  // While the API is paused, the system keeps the requests in their order.
  process.kill(api.part.pid, 'SIGSTOP')
  const body = JSON.stringify({ agentId: 1, walletAddress: wallet })
  for (const { socket, client } of sockets) {
    const fields = ['Host: localhost', `X-Forwarded-For: ${client}`, 'Content-Type: application/json']
    const head = ['POST /api/runs/1/claim HTTP/1.1', ...fields, `Content-Length: ${body.length}`].join('\r\n')
    await new Promise((sent) => socket.write(`${head}\r\n\r\n${body}`, sent))
  }
  // A busy system delivers bytes on its own sockets late, and the API must find all claims at once.
  await sleep(500)
  process.kill(api.part.pid, 'SIGCONT')
  await expect.poll(() => answered.length, { timeout: 10_000 }).toBe(clients.length)
  expect(answered.indexOf(HONEST)).toBeLessThan(FLOOD / 3)
})
