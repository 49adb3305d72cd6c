import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { usablePorts } from '../../tools/devnet/ports.ts'

const server = createServer()
let taken: number
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  taken = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.close()
})

it('chooses a free port where none is given', async () => {
  const { PORT, ANVIL_PORT } = await usablePorts({ PORT: 0, ANVIL_PORT: 0 })
  expect(PORT).toBeGreaterThan(0)
  expect(ANVIL_PORT).not.toBe(PORT)
})

it('names the variable and the port that is taken', async () => {
  await expect(usablePorts({ PORT: 0, ANVIL_PORT: taken })).rejects.toThrow(
    `ANVIL_PORT ${taken} is taken by another process`,
  )
})

it('names a port that is given twice', async () => {
  const { PORT } = await usablePorts({ PORT: 0 })
  await expect(usablePorts({ PORT, PONDER_PORT: PORT })).rejects.toThrow(
    `PONDER_PORT ${PORT} is already the port of PORT`,
  )
})

it('names every problem at once', async () => {
  await expect(usablePorts({ PORT: taken, PONDER_PORT: taken })).rejects.toThrow(
    new RegExp(`PORT ${taken} is taken.*PONDER_PORT ${taken} is already the port of PORT`, 's'),
  )
})
