import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createPublicClient, http } from 'viem'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type DevCommand, freePorts, runDev } from '../../support/devnet.ts'

const ports = await freePorts()

describe('npm run dev', () => {
  let dev: DevCommand

  beforeAll(async () => {
    dev = await runDev(ports)
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

it('can be restarted at once with blocks of 0.2 seconds, and ends all parts when one crashes', async () => {
  const dev = await runDev(ports, {}, ['--block-time', '0.2'])
  try {
    await dev.ready()
    const chain = createPublicClient({ transport: http(dev.rpcUrl), cacheTime: 0 })
    const first = await chain.getBlock()
    await expect
      .poll(async () => Number((await chain.getBlock()).number - first.number), { timeout: 30_000 })
      .toBeGreaterThanOrEqual(10)
    // Several blocks share a second.
    expect(Number((await chain.getBlock()).timestamp - first.timestamp)).toBeLessThan(8)
    const server = (await dev.processes()).find(
      (line) => / src\/api\/start\.ts/.test(line) && !line.includes('--watch '),
    )
    process.kill(Number.parseInt(server ?? '', 10), 'SIGKILL')
    expect(await dev.npm.ended).toBe('exited with code 1')
    expect(dev.lines.join('\n')).toContain('\nThe API crashed. Its last output:')
    await expect.poll(dev.processes).toEqual([])
  } finally {
    await dev.stop()
  }
}, 120_000)

it('lists its options, and starts nothing', async () => {
  const dev = await runDev(ports, {}, ['--help'])
  expect(await dev.npm.ended).toBe('exited with code 0')
  expect(dev.lines.join('\n')).toMatch(/--block-time SECONDS .*--help/s)
  expect(await dev.processes()).toEqual([])
})

it('refuses a time between blocks that is no number of seconds', async () => {
  const dev = await runDev(ports, {}, ['--block-time', 'fast'])
  expect(await dev.npm.ended).toBe('exited with code 1')
  expect(dev.lines.join('\n')).toContain("--block-time is 'fast': it must be a number of seconds from 0.1 to 60")
  await dev.stop()
})

it('creates its own database on the server of DATABASE_URL, and drops it on SIGTERM', async () => {
  const serverUrl = inject('postgresUrl')
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  const databases = async () => {
    const { rows } = await client.query(`SELECT datname FROM pg_database WHERE datname = $1`, [
      `runline_devnet_${ports.ANVIL_PORT}`,
    ])
    return rows.length
  }
  const dev = await runDev(ports, { DATABASE_URL: serverUrl })
  try {
    await dev.npm.saw(/PostgreSQL is up/, 60_000)
    expect(await databases()).toBe(1)
    // Indexer and API have not started yet.
    process.kill(dev.npm.pid, 'SIGTERM')
    expect(await dev.npm.ended).toBe('exited with code 0')
    await expect.poll(dev.processes).toEqual([])
    expect(await databases()).toBe(0)
  } finally {
    await dev.stop()
    await client.end()
  }
}, 120_000)
