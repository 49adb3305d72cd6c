import { zeroAddress } from 'viem'
import { describe, expect, it } from 'vitest'
import type { Examined, Unready } from '../../src/api/relay/kinds/kind.ts'
import type { Message } from '../../src/api/relay/kinds/request.ts'
import type { Bound } from '../../src/api/relay/ledger/boundKeys.ts'
import type { StoredAction } from '../../src/api/relay/ledger/storedActions.ts'
import { nextStep, type Related, refusalOf, type Step, stepAfter } from '../../src/api/relay/pipeline/nextStep.ts'
import type { Placement } from '../../src/api/relay/pipeline/queue.ts'
import { Refusal, type RefusalCode } from '../../src/api/relay/refusal.ts'

const actionOf = (digit: string) =>
  ({ actionId: `0x${digit.repeat(64)}`, request: { message: { action: 'claim', round: 1n } } }) as StoredAction
const own = actionOf('1')
const other = actionOf('2')
const bound = actionOf('3')
const refusedBy = (code: RefusalCode) => new Refusal(code, 'Refused.')
const poster = zeroAddress
const hash = `0x${'9a'.repeat(32)}` as const

/** What its idempotency key is bound to, by the words of a row. */
const bounds: Record<string, Bound | undefined> = {
  nothing: undefined,
  'the key of another body': refusedBy('IDEMPOTENCY_CONFLICT'),
  'a bound key': bound,
}

/** The stored actions that concern it. */
const stored: Record<string, Omit<Related, 'isContested'>> = {
  none: { own: undefined, isRepeat: false, other: undefined },
  'the same': { own, isRepeat: true, other: undefined },
  'the same behind another': { own, isRepeat: true, other },
  'an own one with another signature': { own, isRepeat: false, other: undefined },
  another: { own: undefined, isRepeat: false, other },
}

/** What the chain says; `-` before it is asked. */
const chain: Record<string, Examined | Unready | undefined> = {
  '-': undefined,
  good: { agentId: 1n, runsWalletCode: false, poster },
  'good, by a contract': { agentId: 1n, runsWalletCode: true, poster },
  'the agent has the run': { made: { actionId: bound.actionId, round: 1n, blockNumber: 9n } },
  'a pending transaction allows it': { undecided: refusedBy('RUN_NOT_OPEN') },
  'another is likely to win': { overtaken: true },
}

/** A step in one line. */
function wordsOf(step: Step): string {
  switch (step.do) {
    case 'follow': {
      const which = step.action.actionId === own.actionId ? 'own' : 'bound'
      return ['follow', which, !step.isSigned && 'if it is signed', step.txHash && 'placed'].filter(Boolean).join(' ')
    }
    case 'answer':
      return `answer, made in ${step.made.blockNumber}`
    case 'refuse':
      return `refuse ${step.refusal.code}`
    case 'place':
      return step.examined.runsWalletCode ? 'place alone' : 'place'
    case 'wait':
      return step.for === 'decision' ? `wait for ${step.of === own ? 'own' : 'another'}` : `wait for ${step.for}`
    default:
      return step.do
  }
}

/** What the next step is for these rows, of an action for which parties compete, or for which they do not. */
function nextOf(isContested: boolean, [key, found, asked]: readonly [string, string, string]) {
  expect([key in bounds, found in stored, asked in chain]).toEqual([true, true, true])
  const related = { ...(stored[found] as Related), isContested }
  return wordsOf(nextStep(bounds[key], related, chain[asked]))
}

describe('the next step of an action', () => {
  it.each([
    ['nothing', 'the same', '-', 'follow own'],
    ['nothing', 'the same behind another', '-', 'follow own'],
    ['nothing', 'none', '-', 'examine'],
    ['nothing', 'none', 'a pending transaction allows it', 'wait for block'],
    ['nothing', 'none', 'good', 'place'],
    ['nothing', 'none', 'good, by a contract', 'place alone'],
  ])('stored: %s | of its slot: %s | chain: %s | → %s', (known, found, asked, expected) => {
    for (const isContested of [false, true]) expect(nextOf(isContested, [known, found, asked])).toBe(expected)
  })

  it.each([
    ['nothing', 'an own one with another signature', '-', 'follow own if it is signed'],
    ['nothing', 'another', '-', 'examine'],
    ['nothing', 'another', 'good', 'wait for another'],
  ])('that no party competes for, stored: %s | of its slot: %s | chain: %s | → %s', (known, found, asked, expected) => {
    expect(nextOf(false, [known, found, asked])).toBe(expected)
  })

  it.each([
    ['the key of another body', 'the same', '-', 'refuse IDEMPOTENCY_CONFLICT'],
    ['a bound key', 'another', '-', 'follow bound'],
    ['nothing', 'another', '-', 'wait for another'],
    ['nothing', 'an own one with another signature', '-', 'examine'],
    ['nothing', 'none', 'another is likely to win', 'wait for placing'],
    ['nothing', 'none', 'the agent has the run', 'answer, made in 9'],
    ['nothing', 'an own one with another signature', 'the agent has the run', 'answer, made in 9'],
    ['nothing', 'an own one with another signature', 'good', 'wait for own'],
  ])('of a claim, stored: %s | of its run: %s | chain: %s | → %s', (known, found, asked, expected) => {
    expect(nextOf(true, [known, found, asked])).toBe(expected)
  })
})

describe('the step after the queue', () => {
  const placements: Record<string, Placement> = {
    placed: { result: 'placed', action: own, transaction: { attempt: { hash } } as never },
    'fails for the agent': { result: 'fails', refusal: refusedBy('AGENT_FROZEN'), looksAgain: false },
    'fails for the run': { result: 'fails', refusal: refusedBy('RUN_NOT_OPEN'), looksAgain: true },
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
    ['locked', 'wait for party'],
    ['stale', 'wait for nothing'],
    ['left', 'wait for nothing'],
  ])('queue: %s | → %s', (placement, expected) => {
    const step = stepAfter(placements[placement] as Placement)
    expect(wordsOf(step)).toBe(expected)
    // The answer, if the time of the request is over.
    if (step.do === 'wait') expect('obstacle' in step && step.obstacle).toBe(placements[placement])
  })
})

describe('the answer to an action that was not placed in time', () => {
  const named = { bountyId: 1n, party: zeroAddress, deadline: 0n }
  const claim: Message = { action: 'claim', agentId: 7n, ...named }
  const start: Message = { action: 'start', round: 1n, revision: 0n, text: '', ...named }

  it.each<[Message, Parameters<typeof refusalOf>[0], string]>([
    [claim, { result: 'undecided', refusal: refusedBy('RUN_NOT_OPEN') }, 'Refused.'],
    [start, undefined, 'A transaction that is not mined yet decides about this action.'],
    [claim, { result: 'locked' }, 'Other claims of agent 7 are not decided yet.'],
    [start, { result: 'locked' }, `Other actions of ${zeroAddress} are not decided yet.`],
    [claim, { result: 'left', blocker: 'stuck' }, 'The chain’s node does not take transactions.'],
    [start, { result: 'left', blocker: 'full' }, 'The relayer has as many unmined transactions as it may have.'],
    [start, { result: 'left', blocker: undefined }, 'The action queue is too long.'],
  ])('%o, by its last obstacle %o: %s', (message, obstacle, detail) => {
    expect(refusalOf(obstacle, message).detail).toBe(detail)
  })
})
