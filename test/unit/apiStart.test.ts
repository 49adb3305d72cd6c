import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const logger = `
  import { registerHooks } from 'node:module'
  registerHooks({ load(url, context, nextLoad) { process.stdout.write(url + '\\n'); return nextLoad(url, context) } })`
/** Prints the URL of each module that the process loads. */
const logLoads = `data:text/javascript,${encodeURIComponent(logger)}`

it('the start of the API loads all modules of the server, and of Ponder only those that describe tables', async () => {
  // Without settings the process ends once everything is loaded.
  const { stdout, stderr, exitCode } = await execa(process.execPath, ['--import', logLoads, 'src/api/start.ts'], {
    cwd: root,
    env: { DATABASE_URL: '' },
    reject: false,
  })
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('DATABASE_URL') })
  const loaded = stdout.split('\n')
  expect(loaded).toEqual(expect.arrayContaining([expect.stringMatching(/\/src\/api\/server\.ts$/)]))
  const ofPonder = loaded.flatMap((url) => url.match(/(?<=\/node_modules\/ponder\/dist\/esm\/)\w+(?=\/)/) ?? [])
  // `internal` has its errors.
  expect([...new Set(ofPonder)].sort()).toEqual(['drizzle', 'internal'])
  expect(loaded.filter((url) => url.includes('/node_modules/graphql/'))).toEqual([])
})

const format = async (...flags: string[]) => {
  const program = `for (const name of ['drizzle-orm/pg-core', 'viem', 'pg', 'ponder']) {
    console.log(name, Object.keys(await import(name)).sort().join())
  }`
  const { stdout } = await execa(process.execPath, [...flags, '--input-type=module', '-e', program], { cwd: root })
  return stdout
}

it('packages of ES modules, of CommonJS and of both export the same with the hook of module formats as without', {
  timeout: 30_000,
}, async () => {
  const names = await format('--import', './core/cheapImports.ts')
  expect(names).toContain('pgTable')
  expect(names).toBe(await format())
})
