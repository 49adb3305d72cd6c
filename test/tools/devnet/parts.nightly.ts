import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createClient, http } from 'viem'
import { getChainId } from 'viem/actions'
import { expect, it, onTestFinished } from 'vitest'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { startProcess } from '../../../tools/devnet/managedProcess.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { processesWith } from '../../support/processes.ts'

function node(script: string, options: { grace?: number; env?: Record<string, string> } = {}) {
  return startProcess({ name: 'The script', command: process.execPath, args: ['-e', script], ...options })
}

async function stopAfterwards<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const part = await starting
  onTestFinished(part.stop)
  return part
}

async function takenPort(): Promise<number> {
  const { rpcUrl } = await stopAfterwards(startAnvil())
  return Number(new URL(rpcUrl).port)
}

it('starts Anvil with the given chain id, on a free port', async () => {
  const [one, other] = await Promise.all([stopAfterwards(startAnvil()), stopAfterwards(startAnvil({ chainId: 84532 }))])
  expect(await getChainId(createClient({ transport: http(one.rpcUrl) }))).toBe(31337)
  expect(await getChainId(createClient({ transport: http(other.rpcUrl) }))).toBe(84532)
})

it('reports why Anvil does not start', async () => {
  const port = await takenPort()
  await expect(startAnvil({ port })).rejects.toThrow(/Anvil exited with code 1.*Address already in use/s)
})

it('starts a PostgreSQL that stores UTF-8, and removes its files at the end', async () => {
  const postgres = await startPostgres()
  const client = new pg.Client({ connectionString: await postgres.createDatabase() })
  await client.connect()
  const { rows } = await client.query(`SELECT current_setting('data_directory') AS directory, '✓'::text AS text`)
  expect(rows[0].text).toBe('✓')
  expect(existsSync(rows[0].directory)).toBe(true)
  await client.end()
  await postgres.stop()
  expect(existsSync(rows[0].directory)).toBe(false)
})

it('reports why PostgreSQL does not start', async () => {
  const port = await takenPort()
  await expect(startPostgres({ port })).rejects.toThrow(/PostgreSQL exited with code 1.*Address already in use/s)
})

it('reports the end of PostgreSQL', async () => {
  const postgres = await stopAfterwards(startPostgres())
  const [, pid] = /\[(\d+)\] LOG: {2}database system is ready/.exec(postgres.part.output()) ?? []
  process.kill(Number(pid), 'SIGKILL')
  expect(await postgres.part.ended).toBe('exited with code 1')
  expect(postgres.part.output()).toContain('The server has ended')
})

it('stops PostgreSQL despite an open connection', async () => {
  const postgres = await startPostgres()
  const client = new pg.Client({ connectionString: postgres.url })
  const errors: Error[] = []
  client.on('error', (error) => errors.push(error))
  await client.connect()
  await postgres.stop()
  await expect.poll(() => errors[0]?.message).toMatch('terminating connection due to administrator command')
})

it('kills a part that ignores SIGTERM, and its child processes', async () => {
  const mark = `ignoring-${process.pid}-${Date.now()}`
  const ignore = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`
  const part = await node(
    `${ignore} require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(ignore)}]); console.log('up')`,
    { grace: 300, env: { MARK: mark } },
  )
  await part.saw(/^up$/, 5_000)
  await part.stop()
  expect(await part.ended).toBe('was killed by SIGKILL')
  await expect.poll(() => processesWith(mark)).toEqual([])
})

it('shows the output of a part that ends before it is ready', async () => {
  const part = await stopAfterwards(node(`console.log('the reason'); process.exitCode = 3`))
  await expect(part.saw(/^up$/, 5_000)).rejects.toThrow('The script exited with code 3. Its last output:\nthe reason')
})

it('shows the output of a part that is not ready in time', async () => {
  const part = await stopAfterwards(node(`console.log('still waiting'); setInterval(() => {}, 1000)`))
  await part.saw(/still/, 5_000)
  await expect(part.saw(/^up$/, 100)).rejects.toThrow(/did not print .* within 100 ms.*still waiting/s)
})

it('names a command that cannot be run', async () => {
  await expect(startProcess({ name: 'Nothing', command: '/no/such/command', args: [] })).rejects.toThrow(
    'Nothing cannot be run',
  )
})

it('ends the parts and removes their files when the process that started them is killed', async () => {
  const mark = `parts-${process.pid}-${Date.now()}`
  const starter = await stopAfterwards(
    node(
      `Promise.all([import('./tools/devnet/postgres.ts'), import('./tools/devnet/anvil.ts')])
        .then(([{ startPostgres }, { startAnvil }]) => Promise.all([startPostgres(), startAnvil()]))
        .then(([postgres]) => console.log('up', postgres.part.pid)); setInterval(() => {}, 1000)`,
      { env: { MARK: mark } },
    ),
  )
  await starter.saw(/^up/, 20_000)
  const directories = (await processesWith(mark)).flatMap((line) => /runline-postgres-\w+/.exec(line) ?? [])
  expect(directories.length).toBeGreaterThan(0)
  process.kill(starter.pid, 'SIGKILL')
  await expect.poll(() => processesWith(mark), { timeout: 10_000 }).toEqual([])
  for (const directory of directories) expect(existsSync(join(tmpdir(), directory))).toBe(false)
})
