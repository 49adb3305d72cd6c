import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
