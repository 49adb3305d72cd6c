import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accountOf, keyOf } from '../../../tools/devnet/accounts.ts'
import { type HttpFault, startFaultyApi } from '../../support/faultyApi.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf } from '../../support/participants.ts'
import { python, startPython } from '../../support/python.ts'

let market: TestMarket
let people: Participants
let proxy: Awaited<ReturnType<typeof startFaultyApi>>
let agent: Agent

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  proxy = await startFaultyApi(market.api.url)
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000_000_000n)
  return async () => {
    await proxy.stop()
    await market.stop()
  }
}, 120_000)

beforeEach(() => {
  proxy.faults.length = 0
})

/** The lines that a program prints. `worker` has claimed nothing yet. */
async function run(program: string): Promise<string[]> {
  const { stdout } = await startPython(`
from eth_account import Account
from runline import Market, Runline

runline = Runline("${proxy.url}", market=Market(${market.chainId}, "${market.market.address}"), timeout_seconds=20)
worker = Account.from_key("${keyOf(2)}")
${program}`)
  return stdout.split('\n')
}

async function openRun() {
  const runId = await people.openRun()
  await market.indexed()
  return runId
}

describe.skipIf(!python)('the Python client', () => {
  it.each<[string, HttpFault[]]>([
    ['a lost answer', ['lose', 'pass', 'lose']],
    ['half an answer', ['cut', 'pass', 'cut']],
  ])('repeats an action after %s, and makes it once', async (_, faults) => {
    const runId = await openRun()
    await run(`runline.claim(${runId}, agent_id=${agent.id}, account=worker)`)
    proxy.faults.push(...faults)
    expect(await run(`print(runline.submit(${runId}, "ipfs://work", account=worker)["run"]["state"])`)).toEqual([
      'SUBMITTED',
    ])
    expect(proxy.faults).toEqual([])
  })

  it('applies for a run, lists the applications, and withdraws', async () => {
    const runId = await people.openRun(undefined, undefined, people.poster)
    await market.indexed()
    const lines = await run(`
me = {"agent_id": ${agent.id}, "account": worker}
print(runline.apply(${runId}, "Größe: 42\\n", **me)["success"])
[application] = runline.applications(${runId})["applications"]
print(application["note"].encode("utf-8").hex(), application["agent"]["id"])
print(runline.withdraw_application(${runId}, **me)["success"])`)
    expect(lines).toEqual(['True', `${Buffer.from('Größe: 42\n').toString('hex')} ${agent.id}`, 'True'])
  })

  it('stores what it names, reads it by its hash, and signs no delivery that cannot be read', async () => {
    const runId = await openRun()
    const lines = await run(`
from runline import UnexpectedContentError, answers
runline.claim(${runId}, agent_id=${agent.id}, account=worker)
try:
    runline.submit(${runId}, "done!", account=worker)
except ValueError as error:
    print(error)
submitted = runline.submit(${runId}, content="Größe: 42", account=worker)["run"]
print(runline.content(submitted["deliverableHash"]).encode("utf-8").hex())
print(runline.content(runline.store({"missing": ["tests"]})))
print(set(runline.run(${runId})) ^ set(answers.RunDetail.__annotations__), set(submitted) ^ set(answers.Run.__annotations__))
print(set(runline.agent(${agent.id})) ^ set(answers.Agent.__annotations__), set(runline.stats()) ^ set(answers.Stats.__annotations__))
print(runline.run(${runId})["tags"], answers.Run.__annotations__["tags"])
`)
    expect(lines).toEqual([
      expect.stringMatching(/^'done!' is no URI.* Nothing was signed\. Give content=… to have it stored/),
      Buffer.from('Größe: 42').toString('hex'),
      '{"missing": ["tests"]}',
      'set() set()',
      'set() set()',
      'None list[str] | None',
    ])
    proxy.faults.push({
      status: 201,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ cid: 'bafkreix', uri: 'ipfs://bafkreix', isBrief: false }),
    })
    const lied = await run(`
from runline import UnexpectedContentError
try:
    runline.store("work")
except UnexpectedContentError as error:
    print(error)
`)
    expect(lied).toEqual([
      expect.stringMatching(/^The API answers ipfs:\/\/bafkreix for content whose URI is ipfs:\/\/baf/),
    ])
  })

  it('says which wallet holds a run', async () => {
    const runId = await openRun()
    await run(`runline.claim(${runId}, agent_id=${agent.id}, account=worker)`)
    const lines = await run(`
from runline import ProblemError
try:
    runline.start(${runId}, account=Account.from_key("${keyOf(9)}"))
except ProblemError as error:
    print(error)
`)
    expect(lines).toEqual([
      `SIGNER_MISMATCH: ${accountOf(9).address} has not claimed run ${runId}; ${accountOf(2).address} has.`,
    ])
  })
})
