import { symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import type { LocalAccount } from 'viem'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { exampleAgent } from '../../../src/api/resources/agent.ts'
import { keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { poster, type Runs, runsOn, type Situation } from '../../e2e/actions/runsInStates.ts'
import { onMarket, startTestMarket, type TestMarket } from '../../support/market.ts'
import { python, startPython } from '../../support/python.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

type Language = 'Shell' | 'TypeScript' | 'Python'
type Operation = { operationId: string; 'x-codeSamples'?: { lang: string; source: string }[] }

const { paths } = JSON.parse(inject('apiDescription')) as { paths: Record<string, Record<string, Operation>> }
const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
const names = operations.map(({ operationId }) => operationId)

/** What anyone may ask for, and the market refuses of these runs: their time has not come. */
const refusedCalls = ['finalizeRun', 'expireRun', 'slashRun', 'rejectOverdueRun', 'collectPayment']

const sourceOf = ({ 'x-codeSamples': samples = [] }: Operation, language: Language) =>
  samples.find(({ lang }) => lang === language)?.source ?? ''

/** In which state the run of an action's sample is, what state it has then, and whether the poster signs. */
const actions: Record<string, { from: Situation; to: string; isOfPoster?: boolean }> = {
  claim: { from: 'OPEN', to: 'CLAIMED' },
  start: { from: 'CLAIMED', to: 'IN_PROGRESS' },
  submit: { from: 'CLAIMED', to: 'SUBMITTED' },
  abandon: { from: 'CLAIMED', to: 'OPEN' },
  approve: { from: 'SUBMITTED', to: 'APPROVED', isOfPoster: true },
  revise: { from: 'SUBMITTED', to: 'REVISION_REQUESTED', isOfPoster: true },
  reject: { from: 'LAST_SUBMITTED', to: 'REJECTED', isOfPoster: true },
  close: { from: 'OPEN', to: 'DRAFT', isOfPoster: true },
}

const actionOf = (operationId: string) => actions[operationId.replace(/(Message|Run)$/, '')]

let market: TestMarket
let runs: Runs
let claimId: string
/** The runs of the samples of actions, by language and operation. */
const runIds = new Map<string, bigint>()

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  runs = await runsOn(market)
  expect([runs.agent.id, await runs.runIn('OPEN')]).toEqual([1n, 1n])
  await runs.runIn('OPEN', undefined, 200_000_000n)
  await runs.people.mined(() => market.usdc.write.mint([runs.agent.wallet.address, 10n ** 9n]))
  for (const language of ['Shell', 'TypeScript', 'Python']) {
    for (const operationId of names) {
      const action = actionOf(operationId)
      if (action) runIds.set(`${language} ${operationId}`, await runs.runIn(action.from))
    }
  }
  await market.indexed()
  const answer = await signedBody('claim', `runId=1&agentId=1&walletAddress=${runs.agent.wallet.address}`)
  const claim = await fetch(`${market.api.url}/api/runs/1/claim`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: answer,
  })
  claimId = ((await claim.json()) as { claimId: string }).claimId
  return market.stop
}, 180_000)

/** What a party posts for the action, with its signature. */
async function signedBody(action: string, query: string): Promise<string> {
  const answer = await fetch(`${market.api.url}/api/messages/${action}?${query}`)
  const { body, typedData } = (await answer.json()) as {
    body: object
    typedData: Parameters<LocalAccount['signTypedData']>[0]
  }
  const signer = actions[action]?.isOfPoster ? poster : runs.agent.wallet
  return JSON.stringify({ ...body, signature: await signer.signTypedData(typedData) })
}

/** The sample as a reader runs it: with an own key, and about a run of this market. */
function fillIn(operation: Operation, language: Language): string {
  const { operationId } = operation
  const isOfPoster = actionOf(operationId)?.isOfPoster
  const account = isOfPoster ? poster : runs.agent.wallet
  const run = runIds.get(`${language} ${operationId}`) ?? 1n
  return (
    onMarket(sourceOf(operation, language), market)
      .replaceAll('0…deadline', String(Math.floor(Date.now() / 1_000) + 86_400))
      .replaceAll('0x…key', keyOf(isOfPoster ? roles.deployer : 2))
      .replaceAll('0x…claim', claimId)
      .replaceAll(exampleAgent.walletAddress, account.address)
      .replaceAll('/api/runs/1/', `/api/runs/${run}/`)
      .replaceAll('runId=1', `runId=${run}`)
      .replace(
        /\b(claim|start|submit|submitWork|abandon|approve|revise|requestRevision|reject|close)\(1,/,
        `$1(${run},`,
      )
      // The stream has no end: its first event shows that it runs.
      .replace(/^( +)(console\.log|print)\((event\.type.*)$/m, '$1$2($3\n$1break')
  )
}

/** The command with a signed body instead of the sample's. */
async function fillInSignature({ operationId }: Operation, command: string): Promise<string> {
  if (!command.includes('-d ')) return command
  const name = operationId.replace(/(Run|Agent|ForAgent)$/, '')
  const { agent } = runs
  const { address } = agent.wallet
  const ofAccounts: Record<string, Record<string, string>> = {
    post: {
      poster: address,
      ipfsHash: 'ipfs://task',
      reward: '100000000',
      deadline: String(Math.floor(Date.now() / 1_000) + 86_400),
    },
    register: { owner: address, agentURI: 'ipfs://agent' },
    stake: { agentId: '1', from: address, amount: '20000000' },
    unstake: { agentId: '1', signer: address, amount: '1000000' },
  }
  const ofRun = {
    runId: String(runIds.get(`Shell ${operationId}`)),
    ...(name === 'claim' && { agentId: String(agent.id), walletAddress: agent.wallet.address }),
    ...(['approve', 'revise', 'reject'].includes(name) && { signer: poster.address }),
    ...(name === 'submit' && { deliverableHash: 'ipfs://work' }),
    ...(name === 'revise' && { feedbackHash: 'ipfs://feedback' }),
  }
  const query = new URLSearchParams(ofAccounts[name] ?? ofRun)
  const [, sample = ''] = /-d '(.*)'$/s.exec(command) ?? []
  const body = await signedBody(name, String(query))
  expect(Object.keys(JSON.parse(sample)).toSorted()).toEqual(Object.keys(JSON.parse(body)).toSorted())
  return command.replace(sample, body)
}

/** What each program prints, by its operation. */
function outputs(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('### ')
      .slice(1)
      .map((part) => part.split(/\n(.*)/s).slice(0, 2)),
  )
}

function expectOutputs(printed: Record<string, string>) {
  expect(Object.keys(printed)).toEqual(names)
  expect(Object.entries(printed).filter(([, text]) => text.trim() === '' || text.includes('undefined'))).toEqual([])
  for (const [name, { to }] of Object.entries(actions)) expect(printed[`${name}Run`]?.trim(), name).toBe(to)
  expect(printed.streamChanges).toMatch(/^ready/)
}

describe('the samples of the reference', () => {
  it('exist for each operation, with curl, in TypeScript and in Python', () => {
    const languages: Language[] = ['Shell', 'TypeScript', 'Python']
    for (const language of languages) {
      const present = operations.filter((each) => sourceOf(each, language) !== '')
      expect(present.map(({ operationId }) => operationId)).toEqual(names)
    }
  })

  it.each(operations)('$operationId answers curl', async (operation) => {
    const command = await fillInSignature(operation, fillIn(operation, 'Shell'))
    const { stdout, exitCode } = await execa({ reject: false })('bash', [
      '-c',
      command.replace(/^curl/, 'curl -sS --fail-with-body --max-time 5'),
    ])
    const isStream = operation.operationId === 'streamChanges'
    const isRefused = refusedCalls.includes(operation.operationId)
    expect(exitCode, stdout).toBe(isStream ? 28 : isRefused ? 22 : 0)
    expect(stdout).toMatch(isStream ? /^event: ready/m : /^[{[]/)
  })

  it('run in TypeScript', async () => {
    const { path, remove } = await temporaryDirectory()
    try {
      await symlink(resolve('node_modules'), join(path, 'node_modules'))
      for (const operation of operations) {
        const source = fillIn(operation, 'TypeScript')
          .replace("'@runline/client/reads'", `'${resolve('packages/client/src/reads.ts')}'`)
          .replace("'@runline/client'", `'${resolve('packages/client/src/index.ts')}'`)
        await writeFile(join(path, `${operation.operationId}.ts`), source)
      }
      const program = `for (const name of ${JSON.stringify(names)}) { console.log('### ' + name); await import(\`./\${name}.ts\`) }`
      await writeFile(join(path, 'all.ts'), program)
      const { stdout } = await execa({ cwd: path, timeout: 90_000 })(process.execPath, ['all.ts'])
      expectOutputs(outputs(stdout))
    } finally {
      await remove()
    }
  })

  it.skipIf(!python)('run in Python', async () => {
    const sources = operations.map((operation) => [operation.operationId, fillIn(operation, 'Python')])
    const { stdout } = await startPython(`
import json
for name, source in json.loads(${JSON.stringify(JSON.stringify(sources))}):
    print("### " + name)
    exec(compile(source, name, "exec"), {})
`)
    expectOutputs(outputs(stdout))
  })
})
