import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { parseEther } from 'viem'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { until } from './claimsOnChain.ts'

const relayer = accountOf(roles.relayer).address
const relayerKey = keyOf(roles.relayer)

let market: TestMarket
let node: RpcProxy
let api: Api
let people: Participants
let pool: pg.Pool
let agent: Agent
const lines: Record<string, unknown>[] = []

/** The market's own API has no relay; another API has one, behind a node with planned faults. */
beforeAll(async () => {
  market = await startTestMarket({ api: { relayerKey: undefined } })
  node = await startRpcProxy(market.rpcUrl)
  const onLine = (line: string) => lines.push(JSON.parse(line))
  api = await startApi({ ...market, port: 0, relayerKey, rpcUrl: node.url, onLine })
  people = participantsOf(market)
  pool = new pg.Pool({ connectionString: market.databaseUrl })
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  return async () => {
    await pool.end()
    await api.stop()
    await node.stop()
    await market.stop()
  }
}, 120_000)

afterEach(() => {
  node.heal()
})

async function post(runId: bigint, requestId: string, more: object = {}) {
  const response = await fetch(`${api.url}/api/runs/${runId}/claim`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Request-Id': requestId },
    body: JSON.stringify({ agentId: Number(agent.id), walletAddress: agent.wallet.address, ...more }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: the assertions check it
  return { status: response.status, body: (await response.json()) as any }
}

async function metrics() {
  const text = await (await fetch(`${api.opsUrl}/metrics`)).text()
  /** The value of one series, as `name{labels}`. */
  const value = (series: string) => {
    const line = text.split('\n').find((each) => each.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length + 1))
  }
  return { text, value }
}

type Reason = { code: string; detail: string; figures?: string }

async function readiness(path = '/readyz', origin = api.url) {
  const response = await fetch(`${origin}${path}`)
  const body = (await response.json()) as { status: string; reasons: Reason[]; signers: Record<string, unknown>[] }
  return { answer: [response.status, body.status, ...body.reasons.map(({ code }) => code)], ...body }
}

/** For values that the process reads once a second. */
const readinessIs = (...answer: (number | string)[]) =>
  until(answer.join(), async () => (await readiness()).answer.join() === answer.join(), 3_000)

/** The first reason in the public answer, and in the operator's. */
async function firstReason() {
  const seen = await readiness()
  const known = await readiness('/status', api.opsUrl)
  return { seen: seen.reasons[0], figures: known.reasons[0]?.figures }
}

describe('the log', () => {
  it('has a line for each step of a claim, with its id and the request’s, and without its signature', async () => {
    const runId = await people.openRun(usdc)
    const { signature, deadline } = await people.sign(runId, agent)
    const { status, body } = await post(runId, 'the-first', { signature, deadline })
    expect(status).toBe(200)
    await market.client.mine({ blocks: 70 })
    const ofClaim = () =>
      lines.filter(({ claimId, requestId }) => claimId === body.claimId || requestId === 'the-first')
    await until('final', async () => ofClaim().some(({ msg }) => msg === 'claim final'))

    const ids = { claimId: body.claimId, requestId: 'the-first' }
    const names = { bountyId: `${runId}`, agentId: `${agent.id}`, wallet: agent.wallet.address }
    const step = (msg: string, more: object) => expect.objectContaining({ level: 30, msg, ...names, ...more })
    expect(ofClaim().toSorted((left, right) => Number(left.time) - Number(right.time))).toEqual(
      expect.arrayContaining([
        step('claim requested', { requestId: 'the-first', isSigned: true }),
        step('claim placed', { ...ids, round: '1', signer: relayer, txHash: body.txHash }),
        step('claim sent', { ...ids, txHash: body.txHash, result: 'accepted' }),
        step('claim decided', { ...ids, txHash: body.txHash, outcome: 'done' }),
        step('claim answered', { ...ids, outcome: 'done' }),
        step('claim final', { ...ids, txHash: body.txHash, outcome: 'done' }),
      ]),
    )
    const all = JSON.stringify(lines)
    expect(all).not.toContain(signature.slice(2))
    expect(all).not.toContain(relayerKey.slice(2))
  })
})

/** What is no metric: texts, matchers, ranges, lists of labels, functions, operators and their modifiers. */
const noMetrics = [
  /"[^"]*"/g,
  /\{[^}]*\}/g,
  /\[[^\]]*\]/g,
  /\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g,
  /\w+\s*(?=\()/g,
  /\b(and|or|unless|bool|offset|inf|\d\w*)\b/gi,
]

/** The metrics that the expressions select. Fails if an expression selects none. Promtool checks the syntax: `npm run test:nightly`. */
function metricsOf(expressions: string[]): Set<string> {
  const all = expressions.map((expression) => {
    const rest = noMetrics.reduce((text, pattern) => text.replaceAll(pattern, ' '), expression)
    const names = rest.match(/[a-z_:][\w:]*/gi) ?? []
    expect(names.length, expression).toBeGreaterThan(0)
    return names.map((name) => name.replace(/_(bucket|count|sum)$/, ''))
  })
  return new Set(all.flat())
}

type Rule = { expr: string; record?: string }

describe('/metrics', () => {
  it('counts the relay’s work, and has the state of its signers', async () => {
    const before = await metrics()
    const signer = `{signer="${relayer}"}`
    const runId = await people.openRun(usdc)
    const won = await post(runId, 'won')
    expect((await post(runId + 1_000n, 'refused')).status).toBe(404)
    const receipt = await market.client.getTransactionReceipt({ hash: won.body.txHash })
    await until('settled', async () => (await metrics()).value(`relay_unmined_transactions${signer}`) === 0)

    const { value } = await metrics()
    const grown = (series: string) => (value(series) ?? 0) - (before.value(series) ?? 0)
    expect(grown('relay_action_duration_seconds_count{action="claim",outcome="done"}')).toBe(1)
    expect(grown('relay_action_duration_seconds_count{action="claim",outcome="RUN_NOT_FOUND"}')).toBe(1)
    expect(grown('http_problems_total{method="POST",route="/api/runs/:id/claim",code="RUN_NOT_FOUND"}')).toBe(1)
    expect(grown('relay_actions_decided_total{action="claim",outcome="done"}')).toBe(1)
    expect(grown('relay_broadcasts_total{result="accepted"}')).toBe(1)
    expect(grown('relay_batch_claims_count')).toBe(1)
    expect(grown(`relay_gas_used_total${signer}`)).toBe(Number(receipt.gasUsed))
    const fee = Number(receipt.gasUsed * receipt.effectiveGasPrice) / 1e18
    expect(grown(`relay_fees_ether_total${signer}`)).toBeCloseTo(fee, 12)
    const balance = await market.client.getBalance({ address: relayer })
    expect(value(`relay_balance_ether${signer}`)).toBeCloseTo(Number(balance) / 1e18, 9)
    expect([value('relay_actions_in_progress'), value('relay_waiting_claims')]).toEqual([0, 0])
    expect(value(`relay_oldest_unmined_seconds${signer}`)).toBe(0)
    expect(grown(`relay_budget_left_ether${signer}`)).toBeCloseTo(-fee, 9)
  })

  it('has every metric of the alerts and the dashboard', async () => {
    const alerts = parseYaml(await readFile('deploy/prometheus/alerts.yaml', 'utf8'))
    const dashboard = JSON.parse(await readFile('deploy/grafana/dashboard.json', 'utf8'))
    const rules: Rule[] = alerts.groups.flatMap((group: { rules: Rule[] }) => group.rules)
    const ofAlerts = metricsOf(rules.map(({ expr }) => expr))
    const ofDashboard = metricsOf(
      dashboard.panels.flatMap(({ targets }: { targets: { expr: string }[] }) => targets.map(({ expr }) => expr)),
    )
    expect(ofAlerts.size).toBeGreaterThan(12)
    expect(ofDashboard.size).toBeGreaterThan(18)
    const { text } = await metrics()
    const defined = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => String(name)))
    const recorded = new Set(rules.flatMap(({ record }) => record ?? []))
    // Of other processes: the test of the alerts has their metrics.
    const isElsewhere = (name: string) => name === 'up' || /^(ponder|audit)_/.test(name) || recorded.has(name)
    expect([...ofAlerts, ...ofDashboard].filter((name) => !defined.has(name) && !isElsewhere(name))).toEqual([])
    // An alert sends an operator to the dashboard.
    const shown = [...ofAlerts].filter((name) => !recorded.has(name))
    expect(shown.filter((name) => !ofDashboard.has(name))).toEqual([])
  })

  it('follows Prometheus’s naming conventions', async () => {
    const { text } = await metrics()
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => ({ name, type }))
    const ours = types.filter(({ name }) => /^(http|index|relay|read_pool)_/.test(name))
    expect(ours.length).toBeGreaterThan(18)
    for (const { name, type } of ours) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)+$/)
      expect(name.endsWith('_total'), `${name} is a ${type}`).toBe(type === 'counter')
      expect(name).not.toMatch(/milli|_ms\b|_wei|gwei/)
      expect(text).toMatch(new RegExp(`^# HELP ${name} \\S.*\\.$`, 'm'))
    }
  })
})

describe('/readyz', () => {
  it('reports that the relayer is short of funds, while reads are answered', async () => {
    const balance = await market.client.getBalance({ address: relayer })
    await readinessIs(200, 'ready')
    await market.client.setBalance({ address: relayer, value: parseEther('0.005') })
    await readinessIs(200, 'degraded', 'RELAYER_FUNDS_LOW')
    const { seen, figures } = await firstReason()
    expect(seen).toEqual({ code: 'RELAYER_FUNDS_LOW', detail: 'A relayer’s funds run low.', affects: 'claims' })
    expect(figures).toMatch(new RegExp(`^${relayer} holds 5000000000000000 wei; a claim may take \\d+\\.$`))
    await market.client.setBalance({ address: relayer, value: 1n })
    await readinessIs(200, 'degraded', 'RELAYER_OUT_OF_FUNDS')
    expect((await fetch(`${api.url}/api/runs`)).status).toBe(200)
    await market.client.setBalance({ address: relayer, value: balance })
    await readinessIs(200, 'ready')
  })

  it('is degraded without a reason when the daily budget is spent, which only the operator sees', async () => {
    const spend = (wei: bigint) =>
      pool.query('UPDATE relay.tx SET fee = fee + $1 WHERE id = (SELECT min(id) FROM relay.tx)', [wei])
    await spend(parseEther('1'))
    await readinessIs(200, 'degraded')
    const [reason] = (await readiness('/status', api.opsUrl)).reasons
    expect(reason?.code).toBe('RELAYER_BUDGET_SPENT')
    const { figures } = reason ?? {}
    expect(figures).toMatch(/ has spent 1\d{18} of 1000000000000000000 wei within 24 hours\.$/)
    await spend(-parseEther('1'))
    await readinessIs(200, 'ready')
  })

  it('reports a stuck transaction', async () => {
    const { client } = market
    const runId = await people.openRun(usdc)
    await client.setAutomine(false)
    await client.setIntervalMining({ interval: 0 })
    const claim = post(runId, 'stuck')
    await until('sent', async () => (await client.getTxpoolStatus()).pending === 1)
    await pool.query(`UPDATE relay.attempt SET signed_at = signed_at - interval '61 seconds'
      FROM relay.tx WHERE tx.id = attempt.tx AND tx.state IN ('signed', 'accepted')`)
    await readinessIs(200, 'degraded', 'RELAYER_STUCK')
    expect((await firstReason()).figures).toMatch(/has 1 unmined transactions, the oldest for 6\d s\.$/)
    await client.setAutomine(true)
    await client.setIntervalMining({ interval: 1 })
    expect((await claim).status).toBe(200)
    await readinessIs(200, 'ready')
  })

  it.each<[string, Parameters<RpcProxy['from']>[0]]>([
    ['refuses', () => ({ kind: 'refuse' })],
    ['hangs', () => ({ kind: 'hang' })],
  ])('reports, without waiting for the node’s answer, that the node %s', async (_, fault) => {
    await readinessIs(200, 'ready')
    node.from(fault)
    let slowest = 0
    const asked = async () => {
      const start = performance.now()
      const { answer } = await readiness()
      slowest = Math.max(slowest, performance.now() - start)
      return answer.join() === '200,degraded,NODE_UNREACHABLE'
    }
    await until('unreachable', asked)
    // The relay's own calls wait for two seconds.
    expect(slowest).toBeLessThan(2_000)
    expect((await metrics()).value(`relay_balance_ether{signer="${relayer}"}`)).toBeUndefined()
  })
})
