import { readFile } from 'node:fs/promises'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accountOf, keyOf } from '../../../tools/devnet/accounts.ts'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
import { type HttpFault, startFaultyApi } from '../../support/faultyApi.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { python, startPython } from '../../support/python.ts'
import { startTcpProxy } from '../../support/tcpProxy.ts'

let market: TestMarket
let people: Participants
let proxy: Awaited<ReturnType<typeof startFaultyApi>>
let agent: Agent
let restarted: Indexer | undefined

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  proxy = await startFaultyApi(market.api.url)
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  return async () => {
    await proxy.stop()
    await restarted?.stop()
    await market.stop()
  }
}, 120_000)

beforeEach(() => {
  // A test that failed may have left these behind.
  proxy.faults.length = 0
  proxy.requests.length = 0
})

/** What every program here begins with. */
const prelude = (url: string) => `
from eth_account import Account
from runline import Market, Runline

runline = Runline("${url}", market=Market(${market.chainId}, "${market.market.address}"), timeout_seconds=20)
account = Account.from_key("${keyOf(2)}")

def claim(run_id, agent_id=${agent.id}, account=account):
    return runline.claim(run_id, agent_id=agent_id, account=account, timeout_seconds=60)
`

/** The lines that a program prints, after the prelude. */
async function run(program: string): Promise<string[]> {
  const { stdout } = await startPython(prelude(proxy.url) + program)
  return stdout.split('\n')
}

/** What the program raises, as its type and text. */
const refusal = (call: string) => `
try:
    ${call}
except Exception as error:
    print(type(error).__name__, error)
`

async function openRun(reward = usdc) {
  const runId = await people.openRun(reward)
  await market.indexed()
  return runId
}

const holderOf = async (runId: bigint) => (await market.market.read.getBounty([runId])).agentId

const problem = (status: number, code: string, headers: Record<string, string> = {}): HttpFault => ({
  status,
  headers: { 'Content-Type': 'application/problem+json', ...headers },
  body: JSON.stringify({ status, code, detail: 'Said by the test.' }),
})

const gateway = { status: 403, headers: { 'Content-Type': 'application/json' }, body: '{"message":"Forbidden"}' }
const html = { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<html>Bad Gateway</html>' }

describe.skipIf(!python)('the Python client', () => {
  it('runs the example of its README', async () => {
    const runId = await openRun(100n * usdc)
    const readme = await readFile('packages/python/README.md', 'utf8')
    const [, example = ''] = /^```python\n(.*?)^```$/ms.exec(readme) ?? []
    const program = example
      .replace('http://localhost:3000', market.api.url)
      .replace('chain_id=31337', `chain_id=${market.chainId}`)
      .replace('address="0x…"', `address="${market.market.address}"`)
      .replace('from_key("0x…")', `from_key("${keyOf(2)}")`)
      .replaceAll('agent_id=3', `agent_id=${agent.id}`)
    expect(program).not.toContain('…')
    // The stream has no end: the first event shows that it runs.
    const { stdout } = await startPython(`${program}    break\n`)
    const [claimed, first] = stdout.split('\n')
    expect(claimed).toMatch(new RegExp(`^claimed run ${runId} in block \\d+$`))
    expect(first).toBe('ready None')
    expect(await holderOf(runId)).toBe(Number(agent.id))
  })

  it('reads every page, one run, agents and the market', async () => {
    const runIds = [await openRun(), await openRun(), await openRun()]
    const lines = await run(`
print([run["bountyId"] for run in runline.runs(claimable=True, limit=2, order="asc", minReward=1, state=None)])
print(runline.run("${runIds[0]}")["state"], runline.agent(${agent.id})["id"], len(list(runline.agents(limit=1))))
print(runline.market()["chainId"], runline.can_claim_run(run_id=${runIds[0]}, agent_id=${agent.id})["eligible"])
`)
    const open = JSON.parse(lines[0] ?? '')
    expect(open).toEqual(expect.arrayContaining(runIds.map(Number)))
    expect(lines.slice(1)).toEqual([`OPEN ${agent.id} 1`, `${market.chainId} True`])
    expect(proxy.requests.filter((line) => line.startsWith('GET /api/runs?')).length).toBe(Math.ceil(open.length / 2))
  })

  it.each<[string, HttpFault[]]>([
    ['a refused connection', ['refuse', 'pass', 'refuse', 'refuse']],
    ['a lost answer', ['lose', 'pass', 'lose']],
    ['half an answer', ['cut', 'pass', 'cut']],
    ['503 and 429', [problem(503, 'INDEX_BEHIND', { 'Retry-After': '1' }), 'pass', problem(429, 'RATE_LIMITED')]],
    ['an HTML page of a proxy', [html, 'pass', html]],
    ['the JSON of a gateway', [gateway, 'pass', gateway]],
    ['a Retry-After with a date', ['pass', problem(503, 'CLAIM_PENDING', { 'Retry-After': new Date().toUTCString() })]],
  ])('retries after %s, and claims once', async (_, faults) => {
    const runId = await openRun()
    proxy.faults.push(...faults)
    expect(await run(`print(claim(${runId})["success"])`)).toEqual(['True'])
    expect(proxy.faults).toEqual([])
    expect(await market.market.read.getBounty([runId])).toMatchObject({ round: 1, agentId: Number(agent.id) })
  })

  it('follows a claim that is not decided yet', async () => {
    const runId = await openRun()
    await market.indexer.stop()
    const claimed = run(`print(claim(${runId})["success"])`)
    try {
      await expect.poll(() => holderOf(runId), { timeout: 20_000 }).toBe(Number(agent.id))
      const isRepeated = () => proxy.requests.filter((line) => line === `POST /api/runs/${runId}/claim`).length > 1
      await expect.poll(isRepeated, { timeout: 30_000 }).toBe(true)
    } finally {
      restarted = await startIndexer(market)
    }
    expect(await claimed).toEqual(['True'])
    expect(await market.market.read.getBounty([runId])).toMatchObject({ round: 1 })
  })

  it('signs a claim once: an API that refuses signatures gets no second one', async () => {
    const runId = await openRun()
    for (const code of ['INVALID_SIGNATURE', 'SIGNATURE_EXPIRED']) {
      proxy.faults.push('pass', problem(401, code))
      expect(await run(refusal(`claim(${runId})`))).toEqual([`ProblemError ${code}: Said by the test.`])
    }
    expect(proxy.requests).toHaveLength(4)
  })

  it('says why a claim is refused or undecided, and which argument is wrong', async () => {
    const taken = await openRun()
    await run(`claim(${taken})`)
    const runId = await openRun()
    proxy.requests.length = 0
    proxy.faults.push('pass', 'pass', problem(429, 'RATE_LIMITED', { 'Retry-After': '80000' }))
    const lines = await run(
      [
        'claim(999_999)',
        `claim(${runId})`,
        `claim(${runId}, agent_id=999_999)`,
        `claim(${runId}, account=Account.from_key("${keyOf(9)}"))`,
        `claim("x")`,
        `Runline("${proxy.url}").claim(1, agent_id=2, account=account)`,
        `Runline("file:///etc/passwd")`,
        `Runline("http://127.0.0.1:1", timeout_seconds=0).run(1)`,
        `next(runline.stream(state="NONE"))`,
      ]
        .map(refusal)
        .join(''),
    )
    expect(lines).toEqual([
      'ProblemError RUN_NOT_FOUND: There is no run 999999.',
      expect.stringMatching(
        /^UndecidedError The claim is undecided: RATE_LIMITED: Said by the test. It may still be made. Wait with wait\("0x\w{64}"\).$/,
      ),
      expect.stringMatching(/^ProblemError AGENT_NOT_FOUND: /),
      expect.stringMatching(/^ProblemError WALLET_MISMATCH: /),
      "ValueError invalid literal for int() with base 10: 'x'",
      expect.stringMatching(/^ValueError .*market=Market/),
      "ValueError url must start with http:// or https://, got 'file:///etc/passwd'",
      expect.stringMatching(
        /^NoAnswerError GET http:\/\/127.0.0.1:1\/api\/runs\/1 got no answer of the API: .*refused/,
      ),
      expect.stringMatching(/^ProblemError VALIDATION_FAILED: .*state/),
    ])
    expect(await holderOf(runId)).toBe(0)
  })

  it('continues a stream after the id of a heartbeat, which has no data', async () => {
    const body = 'event: ready\nid: 1-a\ndata: {"block":{"number":1}}\n\n: quiet\nid: 2-b\n\n'
    proxy.faults.push({ status: 200, headers: { 'Content-Type': 'text/event-stream' }, body }, problem(400, 'STOPPED'))
    const lines = await run(`
seen = runline.stream(runId=1)
print(next(seen).type)
${refusal('next(seen)')}`)
    expect(lines).toEqual(['ready', 'ProblemError STOPPED: Said by the test.'])
    expect(proxy.requests).toEqual(['GET /api/stream?runId=1', 'GET /api/stream?runId=1&lastEventId=2-b'])
  })

  it('streams changes, reconnects after a lost connection, and continues after the last event', async () => {
    const [runId, other] = [await openRun(), await openRun()]
    await using parts = new AsyncDisposableStack()
    const tcp = await startTcpProxy(Number(new URL(market.api.url).port))
    parts.defer(tcp.stop)
    const account = agent.wallet.address
    const claimBySelf = (id: bigint) => people.mined(() => market.market.write.claimBounty([id, agent.id], { account }))
    const streamed = startPython(`${prelude(tcp.urlOf(market.api.url))}
for event in runline.stream(runId=${runId}):
    print(event.type, event.data.get("state"))
    if event.data.get("state") == "IN_PROGRESS":
        break
for event in runline.stream(runId=${other}, last_event_id=event.id):
    print(event.type, event.data.get("state"))
    if event.type == "run":
        break
`)
    const seen: string[] = []
    for await (const line of streamed) {
      seen.push(line)
      if (line === 'ready None' && seen.length === 1) await claimBySelf(runId)
      if (line === 'run CLAIMED' && !seen.includes('run IN_PROGRESS')) {
        tcp.drop()
        await people.mined(() => market.market.write.startWork([runId], { account }))
      }
      if (line === 'run IN_PROGRESS') await claimBySelf(other)
    }
    expect(seen.filter((line) => line.startsWith('run'))).toEqual(['run CLAIMED', 'run IN_PROGRESS', 'run CLAIMED'])
  })
})
