import { copyFile, realpath, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { beforeAll, expect, it } from 'vitest'
import { accountOf, keyOf } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { installPacked, publishDry } from '../../support/packedPackage.ts'
import { type Agent, participantsOf } from '../../support/participants.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

let market: TestMarket
let agent: Agent
let runId: bigint
let project: Awaited<ReturnType<typeof temporaryDirectory>>

const tsconfig = {
  compilerOptions: {
    target: 'ES2022',
    // No types of Node: what the package needs is in every browser.
    lib: ['ES2022', 'DOM'],
    types: [],
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    noImplicitOverride: true,
    outDir: 'out',
  },
  include: ['*.ts'],
}

/** Uses the types as a strict project does: each line with a directive fails to compile if the type is looser. */
const program = `
import { createRunlineClient, isProblem, type Run, type RunState } from '@runline/client'
import { privateKeyToAccount } from 'viem/accounts'
import { claimBestRun } from './claimBestRun.js'

declare const settings: { url: string; address: string; agentId: number; key: \`0x\${string}\` }
const { url, address, agentId, key } = settings
const market = { chainId: 31337, address }
const runline = createRunlineClient({ url, market })

const page = await runline.runs.list({ state: 'OPEN', limit: 1, claimable: true, minReward: 0.5 })
await runline.runs.list({ claimedBy: 3n })
const state: RunState | undefined = page.runs[0]?.state
export const isNeverCalled = () => {
  // @ts-expect-error: no such state
  void runline.runs.list({ state: 'SOLD' })
  // @ts-expect-error: an absent filter is left out
  void runline.runs.list({ state: undefined })
}

const claim = await claimBestRun({ url, market, agentId, signer: privateKeyToAccount(key) })
const run: Run | undefined = claim?.run
let holder: string | null = ''
try {
  await runline.runs.claim(run?.bountyId ?? 0, { agentId: 999999, signer: privateKeyToAccount(key) })
} catch (error) {
  // @ts-expect-error: this code has no holder
  if (isProblem(error, 'RATE_LIMITED')) holder = error.problem.holder
  if (isProblem(error, 'RUN_NOT_OPEN')) holder = error.problem.holder
}
console.log(JSON.stringify({ state, claimed: run?.bountyId, holder }))
`

beforeAll(async () => {
  project = await temporaryDirectory()
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  const people = participantsOf(market)
  agent = await people.newAgent(accountOf(2))
  await people.openRun(1_000_000n)
  await people.openRun()
  // The best-paid one has other terms than the defaults.
  await people.fund(people.poster, market.market.address, 210_000_000n)
  const terms = { workPeriod: 3_600, stakePercent: 5, evaluator: accountOf(7).address }
  const posted = ['ipfs://task', 150_000_000n, (await people.now()) + 86_400n, { ...defaultTerms, ...terms }] as const
  await people.mined(() => market.market.write.postBounty(posted))
  runId = await market.market.read.bountyCount()
  await market.indexed()
  return async () => {
    await market.stop()
    await project.remove()
  }
}, 180_000)

it('the package compiles in an empty strict project, and claims a run there', async () => {
  const { path } = project
  const files = await installPacked('packages/client', path)
  expect(files.filter((name) => !/^dist\/.*\.(js|js\.map|d\.ts)$/.test(name))).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'examples/claimBestRun.ts',
    'package.json',
  ])
  expect(await publishDry('packages/client')).toEqual({ id: expect.stringMatching(/^@runline\/client@\d/), files })
  await writeFile(join(path, 'package.json'), JSON.stringify({ type: 'module' }))
  await writeFile(join(path, 'tsconfig.json'), JSON.stringify(tsconfig))
  await writeFile(join(path, 'program.ts'), program)
  await copyFile('packages/client/examples/claimBestRun.ts', join(path, 'claimBestRun.ts'))
  await execa(resolve('node_modules/.bin/tsc'), { cwd: path })

  const address = market.market.address
  const settings = { url: market.api.url, address, agentId: Number(agent.id), key: keyOf(2) }
  const start = `globalThis.settings = ${JSON.stringify(settings)}; await import('./out/program.js')`
  const ran = await execa(process.execPath, ['--input-type=module', '--eval', start], { cwd: path })
  expect(JSON.parse(ran.stdout)).toEqual({ state: 'OPEN', claimed: Number(runId), holder: agent.wallet.address })
}, 180_000)

/** The Node of the lockfile, and the others that the machine has. */
async function listNodes(): Promise<string[]> {
  const { stdout } = await execa({ reject: false })('which', ['-a', 'node'])
  const others = stdout.split('\n').filter((path) => path !== '' && !path.includes('node_modules'))
  return [...new Set(await Promise.all([process.execPath, ...others].map((path) => realpath(path))))]
}

const nodes = await listNodes()

/** Reads from a server that refuses 30 times, with one signal for all repetitions, and prints what Node warns of. */
const retries = `
process.on('warning', ({ name }) => console.log(name))
let count = 0
const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': '0.001' }
const server = require('node:http').createServer((_, response) => {
  response.writeHead(count++ < 30 ? 503 : 404, headers).end(JSON.stringify({ code: 'SAID_BY_THE_TEST' }))
})
server.listen(0, '127.0.0.1', async () => {
  const { createRunlineReads } = require('@runline/client/reads')
  const { runs } = createRunlineReads({ url: 'http://127.0.0.1:' + server.address().port })
  const stop = new AbortController()
  await runs.get(1, {}, { signal: stop.signal }).catch(({ code }) => console.log(code, count))
  server.close()
})`

it.each(nodes)('%s warns of no leak while a read is repeated', async (node) => {
  const ran = await execa({ cwd: project.path })(node, ['--input-type=commonjs', '--eval', retries])
  expect(ran.stdout).toBe('SAID_BY_THE_TEST 31')
})

it.each(nodes)(
  '%s imports, requires and runs the package, in a worker too',
  async (node) => {
    const read = `createRunlineReads({ url: '${market.api.url}' }).runs.get(${runId}).then((run) => console.log(run.bountyId))`
    const programs = [
      `import('@runline/client').then(({ createRunlineReads }) => ${read})`,
      `import('@runline/client/reads').then(({ createRunlineReads }) => ${read})`,
      `const { createRunlineReads } = require('@runline/client'); ${read}`,
      `new (require('node:worker_threads').Worker)(${JSON.stringify(`import('@runline/client/reads').then(({ createRunlineReads }) => ${read})`)}, { eval: true })`,
    ]
    for (const program of programs) {
      const { stdout } = await execa({ cwd: project.path })(node, ['--input-type=commonjs', '--eval', program])
      expect(stdout, program).toBe(String(runId))
    }
  },
  60_000,
)
