import { describe, expect, it } from 'vitest'
import { runStates } from '../../ponder.schema.ts'
import { marketPage } from '../../src/api/board/marketPage.ts'
import { ticksOf } from '../../src/api/board/plots.ts'
import { runListPage } from '../../src/api/board/runListPage.ts'
import { runNext } from '../../src/api/board/runNext.ts'
import { timeline } from '../../src/api/board/timeline.ts'
import { exactDuration, plainLine, relativeTime } from '../../src/api/board/values.ts'
import { agentStatuses } from '../../src/api/queries/agents.ts'
import type { Stats } from '../../src/api/queries/stats.ts'
import type { MarketPeriod } from '../../src/api/queries/statsHistory.ts'
import { exampleRun, exampleRunSummary } from '../../src/api/resources/run.ts'

const now = BigInt(Date.parse('2024-01-20T00:00:00Z') / 1_000)
const inSeconds = (seconds: number) => new Date((Number(now) + seconds) * 1_000).toISOString()
const DAY = 86_400

/** The text of HTML, in one line. */
const textOf = (page: unknown) =>
  String(page)
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()

describe('a time', () => {
  it.each([
    [30 * DAY - 600, 'in 30 days'],
    [29 * DAY + 3_600, 'in 29 days'],
    [2 * DAY - 7_200, 'in 1 day'],
    [DAY - 600, 'in 1 day'],
    [20 * 3_600, 'in 20 hours'],
    [59, 'in 1 minute'],
    [30, 'in 30 seconds'],
    [-90, '1 minute ago'],
    [-3 * DAY, '3 days ago'],
  ])('of %i seconds from now is %s', (seconds, words) => {
    expect(textOf(relativeTime(inSeconds(seconds), now))).toBe(words)
  })

  it.each([
    [6 * DAY + 3 * 3_600 + 59, '6 days 3 hours'],
    [6 * DAY, '6 days'],
    [3_600 + 120, '1 hour 2 minutes'],
    [59, '59 seconds'],
  ])('of %i seconds lasts %s', (seconds, words) => {
    expect(exactDuration(seconds)).toBe(words)
  })
})

describe('what a run waits for', () => {
  const next = (change: object, names = new Map<string, string>()) =>
    textOf(runNext({ ...exampleRun, ...change }, names, now))
  const claimed = { submitBy: inSeconds(2 * DAY), reviewBy: null }

  it('has the name of the agent, where it is known', () => {
    expect(next(claimed, new Map([['1', 'Atlas']]))).toMatch(/^Next: Atlas Agent 1 delivers\./)
  })

  it.each([
    [
      { state: 'OPEN', claimable: true, deadline: inSeconds(DAY) },
      /Any agent .* may claim it\. 1 day left .* 105 USDC refunded/,
    ],
    [
      { state: 'OPEN', submitBy: null, deadline: inSeconds(-DAY) },
      /The deadline passed 1 day ago\. Anyone may have 105 USDC/,
    ],
    [claimed, /Agent 1 delivers\. 2 days left If that .* burns 10 USDC/],
    [{ submitBy: inSeconds(-DAY) }, /Agent 1 delivers\. 1 day late Overdue: the claim may be ended/],
    [{ ...claimed, state: 'REVISION_REQUESTED' }, /Agent 1 delivers again\. .* the run may be rejected/],
    [
      { state: 'SUBMITTED', submitBy: null, reviewBy: inSeconds(DAY) },
      /The poster reviews .* pays 100 USDC to the agent/,
    ],
    [
      { state: 'APPROVED', submitBy: null, endedAt: inSeconds(-DAY), closing: true },
      /^Ended 1 day ago\. Nothing is left to do\.$/,
    ],
    [{ state: 'DRAFT', submitBy: null }, /^Not funded\./],
    [{ ...claimed, closing: true }, /this claim is the last\.$/],
  ])('%o', (change, words) => {
    expect(next(change)).toMatch(words)
  })
})

describe('a timeline', () => {
  const event = {
    name: 'WorkSubmitted',
    timestamp: inSeconds(-60),
    blockNumber: 7,
    transactionHash: `0x${'9a'.repeat(32)}`,
    amount: null,
    agentId: 1,
    address: exampleRun.claimedByWallet,
    hash: null,
    by: null,
    byTimeout: null,
    rejection: null,
  } as const
  const agents = new Map([['1', 'ada']])
  const funding = `0x${'fd'.repeat(20)}`

  it('names the accounts of the run, and links the explorer where there is one', () => {
    const page = (explorerUrl?: string) =>
      String(timeline({ run: exampleRun, events: [event as never], agents, explorerUrl, funding, now }))
    expect(textOf(page())).toContain('ada Agent 1 delivered · 1 minute ago')
    expect(page('https://explorer.example')).toContain(`href="https://explorer.example/tx/${event.transactionHash}"`)
    expect(page()).not.toContain('Explorer')
    expect(page()).toContain(`data-copy="${event.transactionHash}"`)
  })

  it.each([
    [
      { name: 'BountyApproved', by: null, byTimeout: true, amount: '100000000' },
      'Approved because the review period ended: ada Agent 1 got 100 USDC, and the fee was burned',
    ],
    [
      { name: 'BountyApproved', by: exampleRun.posterAddress, byTimeout: false },
      'The poster approved: ada Agent 1 got',
    ],
    [{ name: 'BountyRejected', rejection: 'REJECTED' }, 'Rejected: 0 USDC went back to the agent’s wallet'],
    [{ name: 'BountyRejected', rejection: 'OVERDUE' }, 'Rejected because no revision came in time: '],
    [{ name: 'BountyRejected', rejection: 'ABANDONED' }, 'ada Agent 1 gave up the revision: '],
    [
      { name: 'BountyFunded', address: exampleRun.posterAddress, by: exampleRun.posterAddress },
      'The poster put 0 USDC into escrow',
    ],
    [{ name: 'BountyFunded', address: exampleRun.posterAddress, by: funding }, 'The poster put 0 USDC into escrow'],
    [{ name: 'BountyFunded', by: `0x${'9a'.repeat(20)}` }, '0x9a9a…9a9a put 0 USDC into escrow for the agent’s wallet'],
  ])('says of %o: %s', (changes, expected) => {
    const events = [{ ...event, ...changes } as never]
    expect(
      textOf(String(timeline({ run: exampleRun, events, agents, explorerUrl: undefined, funding, now }))),
    ).toContain(expected)
  })
})

describe('a title', () => {
  it('has no invisible characters, and an end', () => {
    expect(plainLine('a\u202Eb\u200Bc')).toBe('abc')
    expect(plainLine('😀'.repeat(500))).toBe('😀'.repeat(120))
  })
})

const none = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 0]))
const stats = {
  runs: { ...none(runStates), claimableRuns: 0 },
  market: { escrowed: 0n, locked: 0n, paid: 0n, feesPaid: 0n },
  agents: { ...none(agentStatuses), staked: 0n },
  payees: { owed: 0n, feesCollected: 0n, unburned: 0n },
} as Stats

describe('a list', () => {
  it.each([
    [true, '10,000 runs', 'Page 2 of 500 Next'],
    [false, '10,000+ runs', 'Page 2 of the first 500 Next'],
  ])('whose total is exact (%s) says so', (isTotalExact, total, pages) => {
    const list = { runs: [exampleRunSummary], total: 10_000, isTotalExact, page: 2, totalPages: 500 }
    const names = { records: new Map(), agents: new Map() }
    const byState = { ...stats.runs, OPEN: 7, APPROVED: 1_200 }
    const counts = { byState, isExact: isTotalExact }
    const text = textOf(runListPage({ ...list, given: { q: 'word' }, names, stats, counts }, now))
    expect(text).toContain(` ${total} `)
    // The list knows more of the chosen state than the counts.
    expect(text).toContain(isTotalExact ? 'Open 10,000Claimed' : 'Open 10,000+Claimed')
    expect(text).toContain(isTotalExact ? 'Approved 1,200Revision' : 'Approved 1,200+Revision')
    expect(text).toContain(pages)
  })
})

describe('the reserves', () => {
  it('of a contract are its USDC, what it owes, and whether the rest was given or is missing', () => {
    const market = { held: 1_170_000_000n, escrow: 1_050_000_000n, debts: 110_000_000n, surplus: 20_000_000n }
    const staking = { held: 7_500_000n, staked: 0n, unburned: 10_000_000n, surplus: -2_500_000n }
    const text = textOf(marketPage({ stats, history: [], interval: 'day', reserves: { market, staking } }))
    expect(text).toContain('Market 1,170 1,150 20 (donated) ')
    expect(text).toContain('Staking 7.50 10 -2.50 are missing ')
  })

  it('are absent where the node does not answer', () => {
    const text = textOf(marketPage({ stats, history: [], interval: 'day', reserves: undefined }))
    expect(text).toContain('Reserves The node does not answer now.')
  })
})

describe('the ticks of a plot', () => {
  it.each([
    [0, 1, [0]],
    [1, 1, [0, 1]],
    [3, 1, [0, 1, 2, 3]],
    [7, 1, [0, 5, 10]],
    [100, 1, [0, 50, 100]],
    [1_250.5, 0.01, [0, 500, 1_000, 1_500]],
    [5 * 3_600, 3_600, [0, 7_200, 14_400, 21_600]],
  ])('up to %d in steps of %d or more are %o', (most, leastStep, ticks) => {
    expect(ticksOf(most, leastStep)).toEqual(ticks)
  })
})

describe('the plots', () => {
  const period = (day: number, runs: number): MarketPeriod => ({
    start: `2024-01-${String(day).padStart(2, '0')}`,
    byState: { ...none(runStates), OPEN: runs } as MarketPeriod['byState'],
    escrowed: String(runs * 1_050_000_000),
    locked: '0',
    paid: '0',
    created: 0,
    claims: runs,
    secondsToClaim: runs === 0 ? null : 7_200,
  })
  const plots = (firstDay: number) => {
    const history = Array.from({ length: 30 }, (_, place) => period(place + 1, place + 1 < firstDay ? 0 : 2))
    return String(marketPage({ stats, history, interval: 'day', reserves: undefined })).split('<details>')[0] ?? ''
  }

  it('begin with the first run, and have seven bars at least', () => {
    const daysOf = (firstDay: number) => [...plots(firstDay).matchAll(/data-text="(\S+): /g)].map(([, day]) => day)
    expect(daysOf(11).slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, place) => period(place + 11, 0).start))
    expect(new Set(daysOf(29)).size).toBe(7)
    expect(new Set(daysOf(31)).size).toBe(7)
  })

  it('have ticks from zero on, and the value of each bar', () => {
    const page = plots(1)
    const ticks = [...page.matchAll(/<ol class="ticks"[^>]*>(.*?)<\/ol>/g)].map(([, items]) =>
      textOf(items?.replaceAll('</li>', ' ')),
    )
    expect(ticks).toEqual(['2 1 0', '3K 2K 1K 0', '0', '2 hours 1 hour 0'])
    expect(page).toContain('data-text="2024-01-30: 2,100 USDC"')
  })
})
