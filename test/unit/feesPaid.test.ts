import { describe, expect, it } from 'vitest'
import { reuseFees } from '../../src/api/indexedFees.ts'

const agents = [1n, 2n]

describe('the fees that agents have paid', () => {
  it('are read once for claims that come soon after each other', async () => {
    const asked: (readonly bigint[])[] = []
    const feesPaid = reuseFees(async (agentIds) => {
      asked.push(agentIds)
      return new Map(agentIds.map((agentId) => [agentId, agentId * 10n]))
    })
    expect(await feesPaid([1n])).toEqual(new Map([[1n, 10n]]))
    expect(await feesPaid(agents)).toEqual(
      new Map([
        [1n, 10n],
        [2n, 20n],
      ]),
    )
    await feesPaid(agents)
    expect(asked).toEqual([[1n], [2n]])
  })

  it('are none of an agent that the index does not know, and if it does not answer in time', async () => {
    const none = new Map(agents.map((agentId) => [agentId, 0n]))
    expect(await reuseFees(async () => new Map())(agents)).toEqual(none)
    const never = new Promise<Map<bigint, bigint>>(() => undefined)
    expect(await reuseFees(() => never)(agents)).toEqual(none)
  })
})
