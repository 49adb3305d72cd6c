import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createRunlineClient, type Run } from '../../../packages/client/src/index.ts'
import { type EvaluatedMarket, evaluatedMarket } from '../../support/evaluator.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { usdc } from '../../support/participants.ts'
import { shiftedClock } from '../../support/shiftedClock.ts'

let market: TestMarket
let parties: EvaluatedMarket

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  parties = await evaluatedMarket(market)
  return async () => {
    await parties.remove()
    await market.stop()
  }
}, 120_000)

const three = { schema: { type: 'array', minItems: 3, items: { type: 'string' } } }

it('a run is delivered wrong, revised, delivered right and paid within seconds, without a human and without ether', async () => {
  const { runs, agent, asAgent, evaluator } = parties
  const before = await market.usdc.read.balanceOf([agent.address])
  const runId = await parties.claimedRun(three)
  const program = await parties.start()
  onTestFinished(program.stop)
  await program.saw(/^Reviews for 0x/, 20_000)
  const start = performance.now()
  await runs.submit(runId, { content: ['Elbe', 'Oder'] }, asAgent)
  await parties.reaches(runId, 'REVISION_REQUESTED', 1)
  const { content } = createRunlineClient({ url: market.api.url })
  expect((await content.get((await runs.get(runId)).feedbackHash)).text).toBe(
    'The delivery fails checks of the brief:\n\n- JSON Schema: #: Array has too few items (2 < 3).\n',
  )
  await runs.submit(runId, { content: ['Elbe', 'Oder', 'Rhine'] }, asAgent)
  await parties.reaches(runId, 'APPROVED', 1)
  expect(performance.now() - start).toBeLessThan(15_000)
  expect((await market.usdc.read.balanceOf([agent.address])) - before).toBe(10n * usdc)
  expect(await market.client.getBalance({ address: evaluator.address })).toBe(0n)
  expect(await market.client.getTransactionCount({ address: evaluator.address })).toBe(0)
  // The market shows a verdict before the program has its answer.
  await program.saw(/delivery 2: approved/, 10_000)
  expect(program.output()).toMatch(
    new RegExp(
      `Run ${runId}, round 1, delivery 1: revision requested, transaction 0x\\w{64}\n  JSON Schema: .*\nRun ${runId}, round 1, delivery 2: approved, transaction 0x\\w{64}`,
    ),
  )
})

it('a delivery that no check passes is rejected after the third revision, and a run without checks is left to a human', async () => {
  const { runs, asAgent } = parties
  const runId = await parties.claimedRun({
    sha256: createHash('sha256').update('Elbe').digest('hex'),
    urls: [{ url: 'http://127.0.0.1:1/', contentType: 'text/html' }],
  })
  const forbidden = await parties.claimedRun({ urls: [{ url: 'http://127.0.0.1:1/', contentType: 'text/html' }] })
  await runs.submit(forbidden, { content: 'Elbe' }, asAgent)
  const other = await parties.claimedRun()
  await runs.submit(other, { content: 'Elbe' }, asAgent)
  const program = await parties.start()
  onTestFinished(program.stop)
  for (const revision of [1, 2, 3]) {
    await runs.submit(runId, 'https://example.com/rivers', asAgent)
    await parties.reaches(runId, 'REVISION_REQUESTED', revision)
  }
  await runs.submit(runId, { content: 'Oder' }, asAgent)
  await parties.reaches(runId, 'REJECTED', 3)
  expect(program.output()).toMatch(
    new RegExp(
      `warning: Run ${forbidden}, .*: http://127.0.0.1:1/ leads to 127.0.0.1, .*: a human must review it until`,
    ),
  )
  expect(await parties.history(forbidden)).toEqual(['WorkSubmitted'])
  expect(program.output()).toMatch(
    new RegExp(`warning: Run ${other}, .*: its brief has no checks: a human must review it until 20\\d\\d-`),
  )
  expect(program.output()).toContain('The API stores nothing by https://example.com/rivers')
  expect(await parties.history(other)).toEqual(['WorkSubmitted'])
})

/** The request during which the evaluator is killed: before the API gets it, or before the evaluator gets its answer. */
type Moment = { method: string; path: (run: Run, verdict: string) => string; isForwarded: boolean }

const ofVerdict = ({ bountyId }: Run, verdict: string) => `/api/runs/${bountyId}/${verdict}`

it.each<[string, Moment | undefined]>([
  [
    'before it reads the delivery',
    { method: 'GET', path: ({ deliverableHash }) => `/ipfs/${deliverableHash?.slice(7)}`, isForwarded: false },
  ],
  ['after the checks', { method: 'GET', path: (_, verdict) => `/api/messages/${verdict}?`, isForwarded: false }],
  ['before the API gets its verdict', { method: 'POST', path: ofVerdict, isForwarded: false }],
  ['before it gets the answer', { method: 'POST', path: ofVerdict, isForwarded: true }],
  ['after it has printed its verdict', undefined],
])('an evaluator that is killed %s makes each verdict once', async (_, moment) => {
  const { runs, asAgent } = parties
  const runId = await parties.claimedRun(three)
  for (const [delivery, verdict, state] of [
    ['Elbe', 'revise', 'REVISION_REQUESTED'],
    [['Elbe', 'Oder', 'Rhine'], 'approve', 'APPROVED'],
  ] as const) {
    await runs.submit(runId, { content: delivery }, asAgent)
    const run = await runs.get(runId)
    const reached = Promise.withResolvers<void>()
    const proxy = await startHttpProxy(market.api.url, async ({ method, path }, forward) => {
      // The proxy would read a stream to its end.
      if (path.startsWith('/api/stream')) return { status: 307, headers: { Location: market.api.url + path }, body: '' }
      if (method !== moment?.method || !path.startsWith(moment.path(run, verdict))) return forward()
      if (moment.isForwarded) await forward()
      reached.resolve()
      return 'hang'
    })
    onTestFinished(proxy.stop)
    const first = await parties.start(proxy.url)
    await (moment ? reached.promise : first.saw(/^Run .*, transaction 0x/, 30_000))
    process.kill(-first.pid, 'SIGKILL')
    await first.stop()
    const second = await parties.start()
    onTestFinished(second.stop)
    await parties.reaches(runId, state, 1)
    // It has read what waits for a review.
    await second.saw(/^Reviews for 0x/, 20_000)
    await second.stop()
  }
  expect(await parties.history(runId)).toEqual([
    'WorkSubmitted',
    'RevisionRequested',
    'WorkSubmitted',
    'BountyApproved',
  ])
})

it('a URL that cannot be reached is tried again, until a human has an hour left to review', async () => {
  const { runs, asAgent } = parties
  // No name ends so.
  const runId = await parties.claimedRun({ urls: [{ url: 'http://runline.invalid/', contentType: 'text/html' }] })
  await runs.submit(runId, { content: 'Elbe' }, asAgent)
  const { reviewBy } = await runs.get(runId)
  const secondsLeft = Date.parse(reviewBy ?? '') / 1_000 - Date.now() / 1_000
  for (const [minutes, next] of [
    [65, 'it is tried again in 5 s'],
    [55, `a human must review it until ${reviewBy}`],
  ] as const) {
    const program = await parties.start(undefined, [], shiftedClock(Math.round(secondsLeft) - 60 * minutes))
    onTestFinished(program.stop)
    await program.saw(new RegExp(`Run ${runId}, .* cannot be reached: .*: ${next}`), 30_000)
    await program.stop()
  }
  expect(await parties.history(runId)).toEqual(['WorkSubmitted'])
})

it('with --dry-run it prints its verdicts, and sends nothing', async () => {
  const { runs, asAgent } = parties
  const [good, bad] = [await parties.claimedRun(three), await parties.claimedRun(three)]
  await runs.submit(good, { content: ['Elbe', 'Oder', 'Rhine'] }, asAgent)
  await runs.submit(bad, { content: 'Elbe' }, asAgent)
  const sent: string[] = []
  const proxy = await startHttpProxy(market.api.url, async ({ method, path }, forward) => {
    if (path.startsWith('/api/stream')) return { status: 307, headers: { Location: market.api.url + path }, body: '' }
    if (method !== 'GET' || path.startsWith('/api/messages')) sent.push(`${method} ${path}`)
    return forward()
  })
  onTestFinished(proxy.stop)
  const program = await parties.start(proxy.url, ['--dry-run'])
  onTestFinished(program.stop)
  await program.saw(new RegExp(`Run ${good}, round 1, delivery 1: approved, nothing was sent`), 30_000)
  await program.saw(new RegExp(`Run ${bad}, round 1, delivery 1: revision requested, nothing was sent`), 30_000)
  expect(sent).toEqual([])
  for (const id of [good, bad]) expect(await parties.history(id)).toEqual(['WorkSubmitted'])
})

describe('--verify', () => {
  /** A node that answers once `isUp`. */
  async function unsteadyNode() {
    const node = { isUp: false }
    const proxy = await startHttpProxy(market.rpcUrl, (_, forward) => (node.isUp ? forward() : 'close'))
    onTestFinished(proxy.stop)
    return Object.assign(node, { url: proxy.url })
  }

  it('continues after failed reads of the node, and reviews what was delivered in between', async () => {
    const { runs, asAgent } = parties
    const runId = await parties.claimedRun(three)
    const node = await unsteadyNode()
    const program = await parties.start(undefined, ['--verify'], { RUNLINE_RPC: node.url })
    onTestFinished(program.stop)
    await runs.submit(runId, { content: ['Elbe', 'Oder', 'Rhine'] }, asAgent)
    await program.saw(new RegExp(`warning: Run ${runId} cannot be read: .*: it is tried again in 5 s`), 30_000)
    node.isUp = true
    await parties.reaches(runId, 'APPROVED', 0)
  })

  it('ends after an hour without a node, and says what that means', async () => {
    const { runs, asAgent } = parties
    const runId = await parties.claimedRun(three)
    await runs.submit(runId, { content: ['Elbe', 'Oder', 'Rhine'] }, asAgent)
    const node = await unsteadyNode()
    // A clock on which five seconds are more than an hour.
    const fast = 'const now = Date.now, start = now(); Date.now = () => start + (now() - start) * 1000'
    const program = await parties.start(undefined, ['--verify'], {
      RUNLINE_RPC: node.url,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(fast)}`,
    })
    onTestFinished(program.stop)
    await program.saw(/error: .*The evaluator ends: deliveries are paid by time until it runs again\./, 60_000)
    expect(await program.ended).toContain('4')
    expect(await parties.history(runId)).toEqual(['WorkSubmitted'])
  })
})
