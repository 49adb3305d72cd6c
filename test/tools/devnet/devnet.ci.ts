import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import pg from 'pg'
import { createPublicClient, http } from 'viem'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type DevCommand, freePorts, runDev } from '../../support/devnet.ts'

const states = ['DRAFT', 'OPEN', 'CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'APPROVED', 'REVISION_REQUESTED', 'REJECTED']
const steps = ['UNVERIFIED', 'PROVISIONAL', 'ESTABLISHED', 'FROZEN', 'BANNED']

const ports = await freePorts()

async function list(url: string, rows: 'runs' | 'agents'): Promise<unknown[]> {
  const response = await fetch(url)
  expect(response.status).toBe(200)
  const body = (await response.json()) as Record<typeof rows, unknown[]>
  return body[rows]
}

describe('npm run dev', () => {
  let dev: DevCommand
  beforeAll(async () => {
    dev = await runDev(ports)
    await dev.ready()
  }, 100_000)
  afterAll(() => dev.stop())

  it('answers its printed requests as printed', async () => {
    const commands = dev.lines.filter((line) => line.startsWith('curl '))
    const answers = []
    for (const command of commands) answers.push(JSON.parse((await execa({ shell: true })`${command}`).stdout))
    const [open, run, eligibility, claim] = answers
    expect(answers).toHaveLength(4)
    expect(open.pagination.total).toBeGreaterThan(1)
    for (const { state, reward } of open.runs) {
      expect(state).toBe('OPEN')
      expect(BigInt(reward)).toBeGreaterThanOrEqual(100_000_000n)
    }
    expect(run).toMatchObject({ state: 'OPEN', reward: '100000000', claimedBy: null })
    expect(eligibility).toMatchObject({ eligible: true, reasons: [], run: { id: run.bountyId } })
    expect(claim).toMatchObject({
      success: true,
      run: { bountyId: run.bountyId, state: 'CLAIMED', claimedBy: eligibility.agent.id, stake: '10000000' },
      agent: { id: eligibility.agent.id, status: 'ESTABLISHED' },
    })
  })

  it.each(states)('has runs that are %s', async (state) => {
    const runs = await list(`${dev.url}/api/runs?state=${state}`, 'runs')
    expect(runs.length).toBeGreaterThan(1)
  })

  it.each(steps)('has agents that are %s', async (status) => {
    const agents = await list(`${dev.url}/api/agents?status=${status}`, 'agents')
    expect(agents.length).toBeGreaterThan(1)
  })

  it('has only claimable open runs', async () => {
    const runs = await list(`${dev.url}/api/runs?state=OPEN&limit=100`, 'runs')
    for (const run of runs) expect(run).toMatchObject({ claimable: true })
  })

  it('names every port that is taken, and starts nothing', async () => {
    const second = await runDev(ports)
    expect(await second.npm.ended).toBe('exited with code 1')
    const output = second.lines.join('\n')
    for (const [variable, port] of Object.entries(ports)) {
      expect(output).toContain(`${variable} ${port} is taken by another process`)
    }
    expect(output).not.toContain('Contracts are built')
    await second.stop()
  })

  it('ends all parts on Ctrl-C', async () => {
    expect((await dev.processes()).length).toBeGreaterThan(5)
    process.kill(-dev.npm.pid, 'SIGINT')
    await dev.npm.ended
    expect(dev.lines.at(-1)).toBe('All processes have ended')
    await expect.poll(dev.processes).toEqual([])
  })
})

it('can be restarted at once with blocks of 0.2 seconds, and ends all parts when one crashes', async () => {
  const dev = await runDev(ports, {}, ['--block-time', '0.2'])
  try {
    await dev.ready()
    const chain = createPublicClient({ transport: http(dev.rpcUrl), cacheTime: 0 })
    const first = await chain.getBlock()
    await sleep(3_000)
    const last = await chain.getBlock()
    expect(Number(last.number - first.number)).toBeGreaterThan(10)
    expect(Number(last.timestamp - first.timestamp)).toBeLessThan(6)
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
