import { symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { keyOf, roles } from '../../../devnet/accounts.ts'
import { exampleAgent } from '../../../src/api/resources/agent.ts'
import { type RunActionName, runActionNames } from '../../../market/runActions.ts'
import { type Agent, usdc } from '../../../testkit/participants.ts'
import { temporaryDirectory } from '../../../testkit/temporaryDirectory.ts'
import { poster, runsOn, type Situation } from '../actions/runsInStates.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { python, startPython } from '../../support/python.ts'

type Operation = { operationId: string; 'x-codeSamples'?: { lang: string; source: string }[] }

const { paths } = JSON.parse(inject('apiDescription')) as { paths: Record<string, Record<string, Operation>> }
const operations = Object.values(paths).flatMap((methods) => Object.values(methods))

const sourceOf = ({ 'x-codeSamples': samples = [] }: Operation, lang: string) =>
  samples.find((sample) => sample.lang === lang)?.source ?? ''

let market: TestMarket
let agent: Agent
/** A sample with what `…` stands for, and with runs in states in which it succeeds. */
let fillIn: (source: string) => string
/** The runs of the programs in TypeScript, which sign their actions themselves. */
let clientRuns: Record<RunActionName, bigint>

/** The state of the run of each action. */
const situationOf: Record<RunActionName, Situation> = {
  start: 'CLAIMED',
  submit: 'CLAIMED',
  abandon: 'CLAIMED',
  approve: 'SUBMITTED',
  revise: 'SUBMITTED',
  reject: 'LAST_SUBMITTED',
  close: 'OPEN',
}

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  const runs = await runsOn(market)
  const { people } = runs
  agent = runs.agent
  const runId = await people.openRun(200n * usdc)
  await market.indexed()
  expect([agent.id, runId]).toEqual([1n, 1n])
  const { signature, deadline } = await people.sign(runId, agent)
  const answer = await fetch(`${market.api.url}/api/runs/1/claim`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ agentId: 1, walletAddress: agent.wallet.address, signature, deadline: String(deadline) }),
  })
  const { claimId } = (await answer.json()) as { claimId: string }
  for (let count = 1; count < 4; count++) await people.openRun(200n * usdc)
  const runOfEach = async () => {
    const found: [RunActionName, bigint][] = []
    for (const action of runActionNames) found.push([action, await runs.runIn(situationOf[action])])
    return Object.fromEntries(found) as Record<RunActionName, bigint>
  }
  const [messageRuns, signedRuns] = [{ ...(await runOfEach()), claim: 4n }, await runOfEach()]
  clientRuns = await runOfEach()
  const signatures = new Map<string, { signature: string; deadline: bigint }>()
  for (const action of runActionNames) {
    const isOfAgent = ['start', 'submit', 'abandon'].includes(action)
    const account = isOfAgent ? agent.wallet : poster
    const message = await runs.messageOf(action, signedRuns[action], account.address)
    const { signature } = await runs.signed(message, account)
    signatures.set(action, { signature, deadline: message.deadline })
  }
  await market.indexed()
  fillIn = (source) =>
    source
      .replaceAll('http://localhost:3000', market.api.url)
      .replaceAll('31337', String(market.chainId))
      .replaceAll('0x…market', market.market.address)
      .replace(/(?<=messages\/(\w+)\?runId=)1/, (_, action: keyof typeof messageRuns) => `${messageRuns[action]}`)
      .replace(/(?<=\/api\/runs\/)1(?=\/(\w+))/, (run, action: RunActionName) => `${signedRuns[action] ?? run}`)
      .replaceAll(/(?<=")0x…(\w+)(?=")/g, (whole, action: string) => signatures.get(action)?.signature ?? whole)
      .replaceAll(/(?<=")…(\w+)(?=")/g, (whole, action: string) => `${signatures.get(action)?.deadline ?? whole}`)
      .replaceAll('0x…posterkey', keyOf(roles.deployer))
      .replaceAll('0x…key', keyOf(2))
      .replaceAll('0x…claim', claimId)
      .replaceAll('"0x…"', `"${signature}"`)
      .replaceAll('"…"', `"${deadline}"`)
      .replaceAll(exampleAgent.walletAddress, agent.wallet.address)
  return market.stop
}, 120_000)

/** The stream has no end: its first event shows that it runs. */
const endAfterAnEvent = (source: string) =>
  source.replace(/^( +)(console\.log|print)\((event\.type.*)$/m, '$1$2($3\n$1break')

/** What each program prints, by its operation. */
function outputs(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('### ')
      .slice(1)
      .map((part) => part.split(/\n(.*)/s).slice(0, 2)),
  )
}

const names = operations.map(({ operationId }) => operationId)

describe('the samples of the reference', () => {
  it('exist for each operation, with curl, in TypeScript and in Python', () => {
    const lacking = operations.filter((each) =>
      ['Shell', 'TypeScript', 'Python'].some((lang) => sourceOf(each, lang) === ''),
    )
    expect(lacking.map(({ operationId }) => operationId)).toEqual([])
  })

  it.each(operations)('$operationId answers curl', async (operation) => {
    const command = fillIn(sourceOf(operation, 'Shell')).replace(/^curl/, 'curl -sS --fail-with-body --max-time 5')
    const { stdout, exitCode } = await execa({ reject: false })('bash', ['-c', command])
    const isStream = operation.operationId === 'streamChanges'
    expect(exitCode, stdout).toBe(isStream ? 28 : 0)
    expect(stdout).toMatch(isStream ? /^event: ready/m : /^[{[]/)
  })

  it('run in TypeScript', async () => {
    const { path, remove } = await temporaryDirectory()
    try {
      await symlink(resolve('node_modules'), join(path, 'node_modules'))
      for (const operation of operations) {
        const source = endAfterAnEvent(
          fillIn(sourceOf(operation, 'TypeScript').replace('runs.claim(1,', 'runs.claim(2,')),
        )
          .replace(/(?<=bySignature\.\w+\()1/, `${clientRuns[operation.operationId.slice(0, -3) as RunActionName]}`)
          .replace("'@runline/client/reads'", `'${resolve('client/src/reads.ts')}'`)
          .replace("'@runline/client'", `'${resolve('client/src/index.ts')}'`)
        await writeFile(join(path, `${operation.operationId}.ts`), source)
      }
      const program = `for (const name of ${JSON.stringify(names)}) { console.log('### ' + name); await import(\`./\${name}.ts\`) }`
      await writeFile(join(path, 'all.ts'), program)
      const { stdout } = await execa({ cwd: path, timeout: 60_000 })(process.execPath, ['all.ts'])
      expectOutputs(outputs(stdout))
    } finally {
      await remove()
    }
  })

  it.skipIf(!python)('run in Python', async () => {
    const sources = operations.map((operation) => [
      operation.operationId,
      endAfterAnEvent(fillIn(sourceOf(operation, 'Python').replace('runline.claim(1,', 'runline.claim(3,'))),
    ])
    const { stdout } = await startPython(`
import json
for name, source in json.loads(${JSON.stringify(JSON.stringify(sources))}):
    print("### " + name)
    exec(compile(source, name, "exec"), {})
`)
    expectOutputs(outputs(stdout))
  })
})

function expectOutputs(printed: Record<string, string>) {
  expect(Object.keys(printed)).toEqual(names)
  expect(Object.entries(printed).filter(([, text]) => text.trim() === '' || text.includes('undefined'))).toEqual([])
  expect(printed.claimRun?.trim()).toBe('CLAIMED')
  expect(printed.getRun?.trim()).toBe('CLAIMED 200000000')
  expect(printed.streamChanges).toMatch(/^ready/)
}
