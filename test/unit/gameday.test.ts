import { describe, expect, it } from 'vitest'
import type { Claim } from '../../tools/gameday/claims.ts'
import { countClaims, missedBounds, type Report, type Row, reportTable } from '../../tools/gameday/report.ts'
import { longestOf, silencesOf } from '../../tools/gameday/silences.ts'

const row: Row = {
  fault: 'frozen',
  did: 'froze 11 connections of the indexer',
  failures: [],
  isRecovered: true,
  served: { readersSilentMs: 30_000, databaseSilentMs: 45_000, lagMs: 61_000 },
  claimsSilentMs: 50_000,
  claims: { made: 20, accepted: 20, won: 20, slowestMs: 51_000, lost: 0, doubled: 0, refusals: [] },
  ends: [
    { process: 'indexer', isIndexer: true, how: 'exited with code 75', output: '', restartMs: 4_200 },
    { process: 'indexer', isIndexer: true, how: 'was killed by SIGKILL', output: '', restartMs: 2_100 },
    { process: 'API 1', isIndexer: false, how: 'exited with code 1', output: '', restartMs: 2_000 },
  ],
}

const report: Report = {
  rows: [row],
  untried: [],
  audit: '0 differences in 20 runs, 12 agents at block 200',
  isAuditClean: true,
  disorder: [],
}

const withRow = (changes: Partial<Row>): Report => ({ ...report, rows: [{ ...row, ...changes }] })
const withClaims = (changes: Partial<Row['claims']>) => withRow({ claims: { ...row.claims, ...changes } })
const indexerEnd = { process: 'standby', isIndexer: true, how: 'exited with code 1', output: 'a wrong setting' }

describe('the verdict of a game day', () => {
  it('misses nothing where all bounds are met, however long claims, PostgreSQL or the index took', () => {
    expect(missedBounds(report)).toEqual([])
  })

  it.each<[string, Report, string]>([
    [
      'a fault that cannot be caused',
      withRow({ failures: ['no disk can be filled'] }),
      'frozen: no disk can be filled',
    ],
    [
      'readers without an answer for more than 30 s',
      withRow({ served: { ...row.served, readersSilentMs: 30_100 } }),
      'frozen: readers had no answer for 30.1 s, of at most 30.0 s',
    ],
    ['a lost claim', withClaims({ lost: 1 }), 'frozen: 1 accepted claims are lost'],
    ['a doubled claim', withClaims({ doubled: 2 }), 'frozen: 2 claims are on the chain more than once'],
    [
      'a refused claim',
      withClaims({ refusals: ['run 7: SIGNATURE_EXPIRED'] }),
      'frozen: a claim that should be won was not: run 7: SIGNATURE_EXPIRED',
    ],
    ['no claims', withClaims({ accepted: 0 }), 'frozen: no claim was accepted, so nothing is known about claims'],
    [
      'an indexer that exits with 1',
      withRow({ ends: [indexerEnd] }),
      'frozen: standby exited with code 1, which no supervisor restarts. Its last output:\na wrong setting',
    ],
    [
      'an audit with differences',
      { ...report, audit: '1 difference', isAuditClean: false },
      'the audit did not find that tables and chain are equal: 1 difference',
    ],
    ['records in disorder', { ...report, disorder: ['Run 7 was claimed twice'] }, 'Run 7 was claimed twice'],
    [
      'a fault that was left out',
      { ...report, untried: ['clock'] },
      'clock: not tried, because the market did not recover from a fault before',
    ],
  ])('misses a bound by %s', (_, bad, missed) => {
    expect(missedBounds(bad)).toEqual([missed])
  })
})

it('prints a line for each fault, with the ends of processes and their restarts', () => {
  const [head, , line, ...more] = reportTable([row]).split('\n')
  expect(head).toMatch(
    /^fault +readers, s +PostgreSQL, s +claims, s +slowest, s +lag, s +made +accepted +won +lost +doubled +ended/,
  )
  expect(line).toMatch(
    /^frozen +30\.0 +45\.0 +50\.0 +51\.0 +61\.0 +20 +20 +20 +0 +0 +indexer 75, was killed by SIGKILL: 4\.2 s; API 1 1: 2\.0 s +froze 11/,
  )
  expect(more).toEqual([])
})

describe('claims', () => {
  const claim: Claim = { run: 7n, agentId: 2n, during: 'disk', begunAt: 1_000, isAccepted: true, outcome: 'won' }
  const claimed = { bountyId: 7n, agentId: 2n }

  it('counts what was accepted and is not on the chain as lost, whatever the client was answered last', () => {
    const undecided: Claim = { ...claim, outcome: 'The claim is undecided' }
    for (const each of [claim, undecided]) expect(countClaims([each], []).lost).toBe(1)
    expect(countClaims([claim], [{ ...claimed, agentId: 3n }]).lost).toBe(1)
    expect(countClaims([claim], [claimed])).toMatchObject({ made: 1, accepted: 1, won: 1, lost: 0, doubled: 0 })
    expect(countClaims([{ ...undecided, isAccepted: false }], []).lost).toBe(0)
  })

  it('counts what is on the chain twice as doubled', () => {
    expect(countClaims([claim], [claimed, claimed]).doubled).toBe(1)
  })

  it('has the time of the slowest claim that is won', () => {
    const claims = [{ ...claim, wonAt: 3_000 }, { ...claim, wonAt: 66_000 }, claim]
    expect(countClaims(claims, [claimed]).slowestMs).toBe(65_000)
  })

  it('has what clients report of claims that they did not win', () => {
    expect(countClaims([claim, { ...claim, run: 8n, outcome: 'RUN_NOT_FOUND' }], []).refusals).toEqual([
      'run 8: RUN_NOT_FOUND',
    ])
  })
})

describe('silences', () => {
  const window = { begin: 100, end: 200 }

  it('are between answers, before the first, and after the last', () => {
    expect(silencesOf([90, 110, 150, 210], window)).toEqual([
      { begin: 100, end: 110 },
      { begin: 110, end: 150 },
      { begin: 150, end: 200 },
    ])
    expect(silencesOf([], window)).toEqual([window])
  })

  it('do not count while PostgreSQL does not answer', () => {
    const periods = [
      { begin: 100, end: 160 },
      { begin: 160, end: 195 },
    ]
    expect(longestOf(periods)).toBe(60)
    expect(longestOf(periods, [{ begin: 90, end: 130 }])).toBe(35)
    expect(longestOf([])).toBe(0)
  })
})
