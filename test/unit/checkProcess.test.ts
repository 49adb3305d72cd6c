import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, it, vi } from 'vitest'
import { type Checks, checksSchema } from '../../core/checks/checksSchema.ts'
import { runInProcess } from '../../packages/cli/src/evaluator/checkProcess.ts'
import { contentUri } from '../../packages/client/src/content.ts'

const checksOf = (schema: object): Checks => checksSchema.parse({ schema })
const check = (schema: object, text: string) => runInProcess(checksOf(schema), { uri: contentUri(text), text })

/** Tries all that a check has no need of. @returns how each attempt ends. */
const attempts = `
  const { readFileSync, writeFileSync } = process.getBuiltinModule('node:fs')
  const { execFileSync } = process.getBuiltinModule('node:child_process')
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const end = (attempt) => { try { attempt(); return 'succeeds' } catch ({ code, name }) { return code ?? name } }
  console.log(JSON.stringify({
    environment: Object.keys(process.env),
    file: end(() => readFileSync('/etc/hostname')),
    write: end(() => writeFileSync('/tmp/written-by-a-check', '')),
    process: end(() => execFileSync('true')),
    thread: end(() => new Worker('', { eval: true })),
    code: end(() => new Function('')),
    binding: end(() => process.binding('tcp_wrap')),
  }))`

/** The process that runs a check for the parent. */
async function idOfCheck(parent: number): Promise<number> {
  for (;;) {
    const { stdout } = await execa('ps', ['-o', 'pid=,command=', '--ppid', String(parent)], { reject: false })
    const [, pid] = /^ *(\d+) .*checkProcess\.ts$/m.exec(stdout) ?? []
    if (pid) return Number(pid)
  }
}

/** The flags and the environment of the process that runs a check, as the system shows them. */
async function processOfCheck() {
  for (;;) {
    const pid = await idOfCheck(process.pid)
    const [command = '', environment = ''] = await Promise.all(
      ['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
    )
    const [, ...flags] = command.split('\0').slice(0, -1)
    if (flags.pop()?.endsWith('checkProcess.ts')) return { flags, environment }
  }
}

/** As many zeros as a delivery of 32 kB has. */
const zeros = `[${Array(16_000).fill(0)}]`
const anyOf = Array.from({ length: 900 }, (_, index) => ({ const: index + 1 }))
const keys = JSON.stringify(Object.fromEntries(Array.from({ length: 3_500 }, (_, index) => [`k${index}`, 0])))

/** Each takes more than the time, or the memory, of a check. */
const bombs: [string, object, string][] = [
  ['16,000 numbers of which each is 900 others', { items: { not: { anyOf } } }, zeros],
  ['16,000 numbers, one of which must be one of 900', { contains: { anyOf } }, zeros],
  ['3,500 keys that are none of 900', { propertyNames: { anyOf } }, keys],
  ['an error of 30 kB for each of 16,000 numbers', { contains: { const: 'x'.repeat(30_000) } }, zeros],
]

function isAlive(pid: number) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a check', () => {
  it.each(bombs)(
    'of %s fails in a line and in six seconds, and takes no memory',
    async (_, schema, text) => {
      const before = process.memoryUsage().rss
      const start = performance.now()
      const complaints = await check(schema, text)
      expect(complaints).toHaveLength(1)
      expect(complaints[0]).toMatch(/^JSON Schema: [^\n]{1,320}$/)
      expect(performance.now() - start).toBeLessThan(6_000)
      expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
    },
    10_000,
  )

  it.each<[string, object, string, string[]]>([
    ['a number of 30,000 digits', { items: { type: 'integer' } }, `[${'9'.repeat(30_000)}]`, []],
    [
      'numbers of 300 and -300 powers of ten',
      { items: { multipleOf: 1e-300 } },
      '[1e300, 1e308, 5e-324]',
      ['JSON Schema: #/2: 5e-324 is not a multiple of 1e-300.'],
    ],
    ['a key called __proto__', { properties: { __proto__: { type: 'string' } } }, '{"__proto__":{"type":1}}', []],
  ])('of %s ends as any other', async (_, schema, text, complaints) => {
    expect(await check(schema, text)).toEqual(complaints)
  })

  it('has no environment, and may read no file, start no process and make no code', async () => {
    const [, schema = {}, text = ''] = bombs[0] ?? []
    const checked = check(schema, text)
    const { flags, environment } = await processOfCheck()
    // The channel to its parent is all that it is given.
    expect(environment.replaceAll(/NODE_CHANNEL_\w+=\w+\0/g, '')).toBe('')
    const { stdout } = await execa(process.execPath, [...flags, '--eval', attempts], { env: {}, extendEnv: false })
    const denied = 'ERR_ACCESS_DENIED'
    expect(JSON.parse(stdout)).toEqual({
      environment: [],
      file: denied,
      write: denied,
      process: denied,
      thread: denied,
      code: 'EvalError',
      binding: denied,
    })
    await checked
  }, 30_000)

  it('ends by itself when its parent is killed while it is busy', async () => {
    const [, schema = {}, text = ''] = bombs[0] ?? []
    const module = fileURLToPath(new URL('../../packages/cli/src/evaluator/checkProcess.ts', import.meta.url))
    const delivery = { uri: contentUri(text), text }
    const code = `const { runInProcess } = await import(${JSON.stringify(module)})
      await runInProcess(${JSON.stringify(checksOf(schema))}, ${JSON.stringify(delivery)})`
    const parent = execa(process.execPath, ['--input-type=module', '--eval', code], { reject: false })
    const child = await idOfCheck(parent.pid ?? 0)
    // By then it has loaded its modules and is busy.
    await sleep(500)
    parent.kill('SIGKILL')
    await parent
    expect(isAlive(child)).toBe(true)
    await vi.waitFor(() => expect(isAlive(child)).toBe(false), 5_000)
  }, 30_000)

  it('is delayed by others, and not failed by them', async () => {
    const [, schema = {}, text = ''] = bombs[0] ?? []
    const hostile = Array.from({ length: 4 }, () => check(schema, text))
    await sleep(100)
    expect(await check({ minItems: 3 }, '[1,2,3]')).toEqual([])
    await Promise.all(hostile)
  }, 30_000)
})
