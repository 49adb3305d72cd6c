import { getAddress, toHex } from 'viem'
import { expect, test } from 'vitest'
import { eventEvidence } from '../../core/market/eventEvidence.ts'

const addressOf = (number: number) => getAddress(toHex(number, { size: 20 }))

const contracts = {
  USDC: addressOf(1),
  AgentRegistry: addressOf(2),
  AgentStaking: addressOf(3),
  BountyMarket: addressOf(4),
  SignedFunding: addressOf(5),
}

test('an event of our registry or of the staking contract shows more than its address', () => {
  const sets = eventEvidence({ contracts, hasOwnRegistry: true })
  const sizes = (address: string) =>
    sets.filter((items) => items.includes(address as never)).map((items) => items.length)
  expect(sizes(contracts.BountyMarket)).toEqual([1])
  expect(sizes(contracts.AgentStaking)).toEqual([2, 2, 2, 2])
  // Of MetadataSet also the key.
  expect(sizes(contracts.AgentRegistry)).toEqual([2, 3])
})

test('of a registry that is not ours, which may change, any event counts', () => {
  expect(eventEvidence({ contracts, hasOwnRegistry: false })).toContainEqual([contracts.AgentRegistry])
})
