import { decodeFunctionData, hashTypedData, type TypedDataDefinition } from 'viem'
import { describe, expect, it } from 'vitest'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { decodeRunError, explainRunError, type RunError } from '../../core/market/actionErrors.ts'
import { type RunFacts, revisionOf, runActionError } from '../../core/market/runActionRules.ts'
import {
  actionOf,
  bodyOf,
  membersOf,
  type RunActionName,
  type RunMessage,
  runActionNames,
  runCallData,
  runDigest,
  runTypedData,
} from '../../core/market/runActions.ts'

const market = { chainId: 31337, address: '0x5FbDB2315678afecb367f032d93F642f64180aa3' } as const
const wallet = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const poster = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const evaluator = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const stranger = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'

const message = (action: RunActionName): RunMessage => ({
  action,
  bountyId: 7n,
  party: wallet,
  round: 2n,
  revision: 1n,
  text: 'ipfs://ünïcode',
  naming: 3n,
  claimant: stranger,
  deadline: 1_705_320_900n,
})

describe.each(runActionNames)('the message of %s', (action) => {
  it('hashes to what a wallet signs', () => {
    const typedData = runTypedData(market, message(action)) as unknown as TypedDataDefinition
    expect(runDigest(market, message(action))).toBe(hashTypedData(typedData))
  })

  it('gives the market’s function its parameters', () => {
    const data = runCallData(message(action), '0xc0ffee')
    const { functionName, args } = decodeFunctionData({ abi: bountyMarketAbi, data })
    expect(functionName).toBe(actionOf(action).functionName)
    expect(args?.[0]).toBe(7n)
    expect(args?.at(-1)).toBe('0xc0ffee')
    expect(args?.at(-2)).toBe(1_705_320_900n)
  })

  it('has its members in the body, but for the run', () => {
    expect(['bountyId', ...Object.keys(bodyOf(message(action)))]).toEqual(membersOf(action).map(({ name }) => name))
  })
})

describe('the rules of actions', () => {
  const now = 1_705_320_000n
  const run = (facts: Partial<RunFacts>): RunFacts => ({
    bountyId: 7n,
    state: 'SUBMITTED',
    poster,
    evaluator: null,
    claimedByWallet: wallet,
    revisions: 1n,
    submitBy: null,
    reviewBy: now,
    closing: false,
    claimant: null,
    ...facts,
  })
  const codeOf = (error: RunError | undefined) => error && explainRunError(error).code

  it.each([
    ['start', { state: 'CLAIMED', revisions: 0n }, wallet, undefined],
    ['start', { state: 'IN_PROGRESS' }, wallet, 'WRONG_STATE'],
    ['start', { state: 'CLAIMED' }, stranger, 'SIGNER_MISMATCH'],
    ['submit', { state: 'REVISION_REQUESTED' }, wallet, undefined],
    ['submit', {}, wallet, 'WRONG_STATE'],
    ['abandon', { state: 'REVISION_REQUESTED' }, wallet, undefined],
    ['abandon', { state: 'OPEN', claimedByWallet: null }, wallet, 'WRONG_STATE'],
    ['abandon', { state: 'CLAIMED', submitBy: now }, wallet, undefined],
    ['abandon', { state: 'CLAIMED', submitBy: now - 1n }, wallet, 'SUBMISSION_OVERDUE'],
    ['abandon', { state: 'IN_PROGRESS', submitBy: now - 1n }, wallet, 'SUBMISSION_OVERDUE'],
    ['abandon', { state: 'REVISION_REQUESTED', submitBy: now - 1n }, wallet, undefined],
    ['submit', { state: 'CLAIMED', submitBy: now - 1n }, wallet, undefined],
    ['approve', {}, poster, undefined],
    ['approve', { evaluator }, poster, undefined],
    ['approve', { evaluator }, evaluator, undefined],
    ['approve', { evaluator }, wallet, 'SIGNER_MISMATCH'],
    ['approve', { state: 'REVISION_REQUESTED' }, poster, undefined],
    ['approve', { reviewBy: now - 1n }, poster, undefined],
    ['revise', {}, poster, undefined],
    ['revise', { evaluator }, poster, 'SIGNER_MISMATCH'],
    ['revise', { reviewBy: now - 1n }, poster, 'REVIEW_PERIOD_OVER'],
    ['revise', { revisions: 3n }, poster, 'NO_REVISIONS_LEFT'],
    ['reject', {}, poster, 'REVISIONS_LEFT'],
    ['reject', { revisions: 3n }, poster, undefined],
    ['reject', { evaluator }, evaluator, undefined],
    ['reject', { evaluator, reviewBy: now - 1n }, evaluator, 'REVIEW_PERIOD_OVER'],
    ['close', { state: 'OPEN', claimedByWallet: null }, poster, undefined],
    ['close', { state: 'CLAIMED' }, poster, undefined],
    ['close', { state: 'CLAIMED', closing: true }, poster, 'RUN_CLOSING'],
    ['close', { state: 'CLAIMED' }, wallet, 'SIGNER_MISMATCH'],
    ['close', {}, poster, 'WRONG_STATE'],
    ['name-claimant', { state: 'OPEN', claimedByWallet: null, claimant: poster }, poster, undefined],
    ['name-claimant', { state: 'OPEN', claimedByWallet: null, claimant: wallet }, stranger, 'SIGNER_MISMATCH'],
    ['name-claimant', { state: 'OPEN', claimedByWallet: null }, poster, 'WRONG_STATE'],
    ['name-claimant', { state: 'CLAIMED', claimant: wallet }, poster, 'WRONG_STATE'],
  ] as const)('%s with %o by %s: %s', (action, facts, account, code) => {
    const facing = run(facts)
    const error = runActionError(action, facing, account, revisionOf(action, facing), now)
    expect(codeOf(error)).toBe(code)
  })

  it('a review names the last delivery', () => {
    expect(revisionOf('approve', run({ state: 'REVISION_REQUESTED' }))).toBe(0n)
    expect(revisionOf('submit', run({ state: 'REVISION_REQUESTED' }))).toBe(1n)
    expect(codeOf(runActionError('approve', run({}), poster, 0n, now))).toBe('WRONG_REVISION')
  })

  it('know every error of claims, too', () => {
    expect(decodeRunError('0x')).toBeUndefined()
    expect(explainRunError({ errorName: 'BountyNotFound', args: [7n] }).code).toBe('RUN_NOT_FOUND')
  })
})
