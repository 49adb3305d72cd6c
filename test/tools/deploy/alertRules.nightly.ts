import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { claimApi } from '../../e2e/claims/claimApi.ts'
import { until } from '../../e2e/claims/claimsOnChain.ts'
import { startAudit } from '../../support/audit.ts'
import { startTestMarket } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { promtool } from '../../support/prometheus.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

if (promtool === undefined) console.warn('The test of the alert rules is skipped: install promtool, or set PROMTOOL.')

const rules = await readFile('deploy/prometheus/alerts.yaml', 'utf8')

/** Series as processes expose them: their names, with labels, and values. */
const recorded = new Map<string, string>()

/** How the values of a series change each minute. */
type Change = { series: RegExp; values: (value: string, minutes: number) => string }

const grows = (series: RegExp, perMinute: number): Change => ({
  series,
  values: (value, minutes) => `${value}+${perMinute}x${minutes}`,
})
const stays = (series: RegExp, at?: number): Change => ({
  series,
  values: (value, minutes) => `${at ?? value}x${minutes}`,
})

const absent = (series: RegExp): Change => ({ series, values: (_, minutes) => `_x${minutes}` })

const claimed = /^http_request_duration_seconds_count\{method="POST",route="\/api\/runs\/:id\/claim",status="200"/
const refused = /^http_problems_total\{method="POST",route="\/api\/runs\/:id\/claim",code="RELAY_UNAVAILABLE"/
const wrong = /^http_request_duration_seconds_count\{method="POST",route="\/api\/runs\/:id\/claim",status="400"/
const read = /^http_request_duration_seconds_count\{method="GET",route="\/api\/agents\/:id",status="200"/
const failed = /^http_request_duration_seconds_count\{method="GET",route="\/api\/agents\/:id",status="503"/

/** Adds those series of a process that the rules may select. Histograms' buckets are left out, but for the counts. */
async function record(url: string, job: string, instance: string) {
  const text = await (await fetch(`${url}/metrics`)).text()
  for (const [, name, , labels = '', value = ''] of text.matchAll(/^([a-z_]+)(\{(.*)\})? (\S+)$/gm)) {
    if (name === undefined || !rules.includes(name) || name.endsWith('_bucket') || value === 'Nan') continue
    const all = [...(labels === '' ? [] : [labels]), `job="${job}"`, `instance="${instance}"`].join()
    recorded.set(`${name}{${all}}`, value)
  }
  recorded.set(`up{job="${job}",instance="${instance}"}`, '1')
}

/** The names of the alerts that fire after so many minutes, as Prometheus evaluates the rules on the recorded series. */
async function firing(minutes: number, changes: Change[]): Promise<string[]> {
  const series = [...recorded].map(([name, value]) => {
    const change = changes.find(({ series }) => series.test(name))
    return { series: name, values: (change ?? stays(/^/)).values(value, minutes) }
  })
  for (const { series: pattern } of changes) {
    expect([...recorded.keys()].filter((name) => pattern.test(name)).length, `series ${pattern}`).toBeGreaterThan(0)
  }
  const directory = await temporaryDirectory()
  try {
    const file = join(directory.path, 'test.yaml')
    const expression = { expr: 'count by (alertname) (ALERTS{alertstate="firing"})', eval_time: `${minutes}m` }
    // An expectation that cannot be met: promtool then prints what it has got.
    const unmet = [{ labels: '{alertname="none"}', value: -1 }]
    const test = { interval: '1m', input_series: series, promql_expr_test: [{ ...expression, exp_samples: unmet }] }
    const files = [resolve('deploy/prometheus/alerts.yaml')]
    // A day of evaluations over windows of days takes long.
    const interval = minutes > 1_000 ? '10m' : '1m'
    // Otherwise promtool evaluates the alerts before the ratios, or after them, and ratios of ten minutes ago do not count.
    const order = { group_eval_order: ['runline-ratios', 'runline'] }
    await writeFile(file, stringify({ rule_files: files, evaluation_interval: interval, ...order, tests: [test] }))
    const { stdout, stderr } = await execa(String(promtool), ['test', 'rules', file], { reject: false })
    const [, got] = /got:\s*(.*)/.exec(stdout + stderr) ?? []
    expect(got, stdout + stderr).toBeDefined()
    return [...String(got).matchAll(/alertname="(\w+)"/g)].map(([, name]) => String(name)).sort()
  } finally {
    await directory.remove()
  }
}

describe.runIf(promtool)('the alert rules, on the series of real processes', () => {
  /** Two API processes are one here, scraped under two names. */
  beforeAll(async () => {
    await using parts = new AsyncDisposableStack()
    const market = await startTestMarket()
    parts.defer(market.stop)
    const audit = await startAudit({ ...market, port: undefined })
    parts.defer(audit.stop)
    const people = participantsOf(market)
    const agent = await people.newAgent(accountOf(2), 1_000n * usdc)
    await market.indexed()
    const api = claimApi(market.api.url)
    expect((await api.claim(await people.openRun(), agent)).status).toBe(200)
    const malformed = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }
    expect((await fetch(`${market.api.url}/api/runs/1/claim`, malformed)).status).toBe(400)
    // As if its budget of 24 hours were spent.
    const pool = new pg.Pool({ connectionString: market.databaseUrl })
    parts.defer(() => pool.end())
    const spend = async () =>
      (await pool.query('UPDATE relay.tx SET fee = fee + 1e18 WHERE fee IS NOT NULL')).rowCount === 1
    await until('mined', spend)
    const readiness = async () => (await fetch(`${market.api.opsUrl}/status`)).text()
    await until('spent', async () => (await readiness()).includes('RELAYER_BUDGET_SPENT'))
    expect((await api.claim(await people.openRun(), agent)).status).toBe(503)
    await pool.query('UPDATE relay.tx SET fee = fee - 1e18')
    await until('ready', async () => (await readiness()).includes('"ready"'))
    const ahead = (await market.client.getBlockNumber()) + 5_000n
    const reads = await Promise.all(
      ['', `?minBlock=${ahead}`].map((query) => fetch(`${market.api.url}/api/agents/1${query}`)),
    )
    expect(reads.map(({ status }) => status)).toEqual([200, 503])
    await audit.compared(market)
    await market.indexed()
    const isWhole = async () =>
      /^index_behind_seconds 0$/m.test(await (await fetch(`${market.api.opsUrl}/metrics`)).text())
    await until('indexed', isWhole)
    for (const instance of ['a', 'b']) await record(market.api.opsUrl, 'runline-api', instance)
    await record(market.indexer.url, 'runline-indexer', 'i')
    await record(audit.url, 'runline-audit', 't')
  }, 240_000)

  it('are silent while everything works', async () => {
    const works = [grows(claimed, 5), grows(read, 60), stays(/^audit_last_success/, 0)]
    expect(await firing(120, works)).toEqual([])
  })

  it.each<[string, number, Change[], string[]]>([
    ['all claims fail, five a minute', 8, [grows(refused, 5)], ['ClaimsFailFast', 'ClaimsFailSlowly', 'ClaimsRefused']],
    [
      'all claims fail, under a flood of wrong ones',
      8,
      [grows(refused, 5), grows(wrong, 10_000)],
      ['ClaimsFailFast', 'ClaimsFailSlowly', 'ClaimsRefused'],
    ],
    ['a fifth of the claims fails', 90, [grows(refused, 2), grows(claimed, 8)], ['ClaimsFailFast', 'ClaimsFailSlowly']],
    ['four of a hundred claims fail, for a day', 1_500, [grows(refused, 4), grows(claimed, 96)], ['ClaimsFailSlowly']],
    ['one of two hundred claims fails', 1_500, [grows(refused, 1), grows(claimed, 199)], []],
    ['two of a hundred reads fail', 90, [grows(failed, 2), grows(read, 98)], ['ReadsFailFast', 'ReadsFailSlowly']],
    ['four of a thousand reads fail, for a day', 1_500, [grows(failed, 4), grows(read, 996)], ['ReadsFailSlowly']],
    ['one of two thousand reads fails', 1_500, [grows(failed, 1), grows(read, 1_999)], []],
    ['one of two API processes is dead', 3, [stays(/^up\{job="runline-api",instance="a"/, 0)], ['ProcessDown']],
    ['both are dead', 3, [stays(/^up\{job="runline-api"/, 0)], ['ApiDown', 'ProcessDown']],
    ['the indexer is dead', 3, [stays(/^up\{job="runline-indexer"/, 0)], ['IndexerDown', 'ProcessDown']],
    ['the indexer indexes nothing', 4, [grows(/^index_behind_seconds/, 60)], ['IndexBehind']],
    [
      'the audit has not compared for three intervals of an hour',
      182,
      [stays(/^audit_last_success/, 1), stays(/^audit_interval_seconds/, 3_600)],
      ['AuditLate'],
    ],
    [
      'the audit has never compared, three hours after its start',
      182,
      [absent(/^audit_last_success/), stays(/^process_start_time/, 1), stays(/^audit_interval/, 3_600)],
      ['AuditLate'],
    ],
    ['a process cannot answer reads', 2, [stays(/^index_whole\{.*instance="a"/, 0)], ['ReadsRefused']],
    ['reads wait for a connection', 3, [stays(/^read_pool_connections\{state="waiting"/, 21)], ['ReadPoolExhausted']],
    ['a contract lacks USDC', 1, [stays(/^reserve_surplus_usdc\{contract="market"/, -1)], ['ReservesMissing']],
    ['the index differs', 1, [stays(/^audit_differences/, 1)], ['IndexDiffers']],
  ])('fire where %s', { timeout: 60_000 }, async (_, minutes, changes, expected) => {
    expect(await firing(minutes, changes)).toEqual(expected)
  })
})
