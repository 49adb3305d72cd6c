import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createPublicClient, http } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DevCommand, freePorts, runDev } from '../../support/devnet.ts'

describe('npm run dev', () => {
  let dev: DevCommand

  beforeAll(async () => {
    dev = await runDev(await freePorts())
    await dev.ready()
  }, 100_000)
  afterAll(() => dev.stop())

  it('mines a block every second of real time', async () => {
    const chain = createPublicClient({ transport: http(dev.rpcUrl), cacheTime: 0 })
    const first = await chain.getBlock()
    const begin = performance.now()
    for (let sample = 0; sample < 6; sample++) {
      const { timestamp } = await chain.getBlock()
      expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(3)
      await sleep(700)
    }
    const { number } = await chain.getBlock()
    const seconds = (performance.now() - begin) / 1_000
    expect(Math.abs(Number(number - first.number) - seconds)).toBeLessThan(2)
  })

  it('prints no line when blocks are finalized, every thirty seconds', async () => {
    const databaseUrl = /^Database +(\S+)$/m.exec(dev.lines.join('\n'))?.[1]
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    const finalized = async () => {
      const { rows } = await client.query('SELECT max(number)::int AS number FROM ponder_sync.blocks')
      return Number(rows[0].number)
    }
    try {
      const first = await finalized()
      await expect.poll(finalized, { timeout: 60_000, interval: 500 }).toBeGreaterThan(first)
      // Ponder logs it after the transaction that the poll saw.
      await sleep(2_000)
      expect(dev.lines.filter((line) => line.includes('Finalized block'))).toEqual([])
    } finally {
      await client.end()
    }
  }, 80_000)
})
