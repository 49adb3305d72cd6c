import { describe, expect, it } from 'vitest'
import { createFeesPaid } from '../../src/api/relay/feesPaid.ts'

const agents = [1n, 2n]

describe('the fees that agents have paid', () => {
  it('are read once for claims that come soon after each other', async () => {
    const asked: (readonly bigint[])[] = []
    const feesPaid = createFeesPaid(async (agentIds) => {
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

  it('are none without an index, of an agent that it does not know, and if it does not answer in time', async () => {
    const none = new Map(agents.map((agentId) => [agentId, 0n]))
    expect(await createFeesPaid(undefined)(agents)).toEqual(none)
    expect(await createFeesPaid(async () => new Map())(agents)).toEqual(none)
    const never = new Promise<Map<bigint, bigint>>(() => undefined)
    expect(await createFeesPaid(() => never)(agents)).toEqual(none)
  })
})
