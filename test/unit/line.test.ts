import { describe, expect, it } from 'vitest'
import { accountOf } from '../../devnet/accounts.ts'
import { createLine } from '../../src/api/relay/queue/line.ts'

const [one, other] = [accountOf(1), accountOf(2)]
const forever = new AbortController().signal

/** A claim of the run by somebody, with a signature of so many bytes. */
function candidate(bountyId: bigint, bytes = 65) {
  const signed = { deadline: 1n, signature: `0x${'11'.repeat(bytes)}` as const }
  const request = { bountyId, agentId: 1n, wallet: one.address, signed }
  const claim = { claimId: '0x' as const, request, round: 1n }
  return { claim, gas: 100_000n, lock: 0n, unlocked: 0n, block: 1n, key: undefined }
}

const runsOf = (taken: ReturnType<ReturnType<typeof createLine>['take']>) =>
  taken.map(({ candidate: { claim } }) => claim.request.bountyId)

describe('the claims that wait', () => {
  it('are a thousand at most: the next is refused at once, and told when to come again', () => {
    const line = createLine()
    for (let run = 1n; run <= 1_000n; run++) void line.enter(candidate(run), [one], forever)
    expect(line.length()).toBe(1_000)
    const enter = () => line.enter(candidate(1_001n), [one], forever)
    expect(enter).toThrow('The relay is too busy.')
    expect(() => line.assertRoom()).toThrow(expect.objectContaining({ headers: { 'Retry-After': expect.any(String) } }))
    line.take(one, 1)
    expect(enter).not.toThrow()
  })

  it('leave in the order in which they came, as many as are asked for', () => {
    const line = createLine()
    for (const run of [3n, 1n, 2n]) void line.enter(candidate(run), [one], forever)
    expect(runsOf(line.take(one, 2))).toEqual([3n, 1n])
    expect(runsOf(line.take(one, 2))).toEqual([2n])
  })

  it('leave with a signer that can make them', () => {
    const line = createLine()
    void line.enter(candidate(1n), [other], forever)
    void line.enter(candidate(2n), [one, other], forever)
    expect(line.waitsFor(one)).toBe(true)
    expect(runsOf(line.take(one, 50))).toEqual([2n])
    expect(line.waitsFor(one)).toBe(false)
    expect(runsOf(line.take(other, 50))).toEqual([1n])
  })

  it('of one run do not leave together, for only one of them can be won', () => {
    const line = createLine()
    for (const run of [7n, 7n, 8n]) void line.enter(candidate(run), [one], forever)
    expect(runsOf(line.take(one, 50))).toEqual([7n, 8n])
    expect(runsOf(line.take(one, 50))).toEqual([7n])
  })

  it('are no more than a node takes as one transaction, however long their signatures', () => {
    const line = createLine()
    for (let run = 1n; run <= 20n; run++) void line.enter(candidate(run, 8_192), [one], forever)
    expect(runsOf(line.take(one, 50))).toHaveLength(8)
  })
})
