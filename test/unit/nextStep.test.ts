import { zeroAddress } from 'viem'
import { describe, expect, it } from 'vitest'
import { nextStep, type Open, type Step, type StoredRequest, stepAfter } from '../../src/api/relay/claims/nextStep.ts'
import type { Examined, Unready } from '../../src/api/relay/kinds/kind.ts'
import type { StoredAction } from '../../src/api/relay/ledger/storedActions.ts'
import type { Placement } from '../../src/api/relay/pipeline/entry.ts'
import { Refusal, type RefusalCode } from '../../src/api/relay/refusal.ts'

const claimOf = (digit: string) =>
  ({ actionId: `0x${digit.repeat(64)}`, request: { message: { action: 'claim', round: 1n } } }) as StoredAction
const own = claimOf('1')
const rival = claimOf('2')
const boundClaim = { actionId: claimOf('3').actionId, round: 1n }
const limit = new Refusal('RATE_LIMITED', 'Too many.')
const refusalOf = (code: RefusalCode) => new Refusal(code, 'Refused.')
const poster = zeroAddress
const hash = `0x${'9a'.repeat(32)}` as const

/** What is stored of the request, by the words of a row. */
const knowns: Record<string, StoredRequest> = {
  nothing: { key: undefined, bound: undefined, limit: undefined },
  'a new key': { key: 'k', bound: undefined, limit: undefined },
  'the key of another body': { key: 'k', bound: 'other body', limit: undefined },
  'a bound key': { key: 'k', bound: { claim: boundClaim }, limit: undefined },
  'a limit': { key: undefined, bound: undefined, limit },
}

/** The open claims of the run. */
const opens: Record<string, Open> = {
  none: { own: undefined, isRepeat: false, rival: undefined },
  'the same claim': { own, isRepeat: true, rival: own },
  'the same claim behind a rival': { own, isRepeat: true, rival },
  'an own one with another signature': { own, isRepeat: false, rival: own },
  'a rival': { own: undefined, isRepeat: false, rival },
}

/** What the chain says; `-` before it is asked. */
const chain: Record<string, Examined | Unready | undefined> = {
  '-': undefined,
  good: { agentId: 1n, runsWalletCode: false, poster },
  'good, by a contract': { agentId: 1n, runsWalletCode: true, poster },
  'the agent has the run': { made: { ...boundClaim, blockNumber: 9n } },
  'a pending transaction opens it': { undecided: refusalOf('RUN_NOT_OPEN') },
  'another is likely to win it': { overtaken: true },
}

/** A step in one line. */
function wordsOf(step: Step): string {
  if (step.do === 'follow') {
    const { claim, wonAt, txHash } = step
    const which = claim.actionId === own.actionId ? 'own' : 'other'
    return ['follow', which, wonAt && `won at ${wonAt}`, txHash && 'placed'].filter(Boolean).join(' ')
  }
  if (step.do === 'refuse') return `refuse ${step.refusal.code}`
  if (step.do === 'place') return step.examined.runsWalletCode ? 'place alone' : 'place'
  if (step.do !== 'wait') return step.do
  return step.for === 'decision' ? `wait for ${step.of === own ? 'own' : 'rival'}` : `wait for ${step.for}`
}

describe('the next step of a claim', () => {
  it.each([
    ['the key of another body', 'the same claim', '-', 'refuse IDEMPOTENCY_CONFLICT'],
    ['a bound key', 'a rival', '-', 'follow other'],
    ['a limit', 'the same claim', '-', 'follow own'],
    ['a limit', 'none', '-', 'examine'],
    ['nothing', 'the same claim', '-', 'follow own'],
    ['nothing', 'the same claim behind a rival', '-', 'follow own'],
    ['nothing', 'a rival', '-', 'wait for rival'],
    ['a new key', 'a rival', '-', 'wait for rival'],
    ['nothing', 'none', '-', 'examine'],
    ['nothing', 'an own one with another signature', '-', 'examine'],
    ['nothing', 'none', 'another is likely to win it', 'wait for placing'],
    ['nothing', 'none', 'the agent has the run', 'follow other won at 9'],
    ['nothing', 'an own one with another signature', 'the agent has the run', 'follow other won at 9'],
    ['nothing', 'none', 'a pending transaction opens it', 'wait for block'],
    ['nothing', 'none', 'good', 'place'],
    ['a new key', 'none', 'good', 'place'],
    ['nothing', 'none', 'good, by a contract', 'place alone'],
    ['a limit', 'none', 'the agent has the run', 'follow other won at 9'],
    ['a limit', 'none', 'good', 'refuse RATE_LIMITED'],
    ['a limit', 'an own one with another signature', 'good', 'wait for own'],
    ['a new key', 'an own one with another signature', 'good', 'wait for own'],
    ['nothing', 'an own one with another signature', 'good', 'wait for own'],
  ])('stored: %s | open: %s | chain: %s | → %s', (known, open, judged, expected) => {
    expect([known in knowns, open in opens, judged in chain]).toEqual([true, true, true])
    const step = nextStep(knowns[known] as StoredRequest, opens[open] as Open, chain[judged])
    expect(wordsOf(step)).toBe(expected)
  })
})

describe('the step after the queue', () => {
  const placements: Record<string, Placement> = {
    placed: { result: 'placed', action: own, transaction: { attempt: { hash } } as never },
    'fails for the agent': { result: 'fails', refusal: refusalOf('AGENT_FROZEN'), looksAgain: false },
    'fails for the run': { result: 'fails', refusal: refusalOf('RUN_NOT_OPEN'), looksAgain: true },
    undecided: { result: 'undecided', refusal: undefined },
    rival: { result: 'rival' },
    locked: { result: 'locked' },
    stale: { result: 'stale' },
    left: { result: 'left', blocker: 'full' },
  }

  it.each([
    ['placed', 'follow own placed'],
    ['fails for the agent', 'refuse AGENT_FROZEN'],
    ['fails for the run', 'wait for reread'],
    ['undecided', 'wait for block'],
    ['rival', 'wait for binding'],
    ['locked', 'wait for agent'],
    ['stale', 'wait for nothing'],
    ['left', 'wait for nothing'],
  ])('queue: %s | → %s', (placement, expected) => {
    const step = stepAfter(placements[placement] as Placement)
    expect(wordsOf(step)).toBe(expected)
    // The answer, if the time of the request is over.
    if (step.do === 'wait') expect('obstacle' in step && step.obstacle).toBe(placements[placement])
  })
})
