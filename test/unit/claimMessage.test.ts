import { hashTypedData, maxUint256, type TypedDataDefinition, zeroAddress } from 'viem'
import { expect, it } from 'vitest'
import { claimDigest, claimTypedData } from '../../core/market/claimMessage.ts'

const first = { chainId: 31_337, address: '0x5FbDB2315678afecb367f032d93F642f64180aa3' } as const
const second = { chainId: 8_453, address: '0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512' } as const

const claim = {
  bountyId: 1n,
  agentId: 2n,
  wallet: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  round: 3n,
  reward: 4_000_000n,
  stake: 400_000n,
  workPeriod: 604_800n,
  evaluator: zeroAddress,
} as const

it.each([
  [first, claim, 1_700_000_000n],
  [second, claim, 1_700_000_000n],
  [first, claim, 0n],
  [first, { ...claim, bountyId: maxUint256, agentId: maxUint256, round: 0n, reward: 0n }, maxUint256],
  [
    second,
    { ...claim, wallet: '0x0000000000000000000000000000000000000001', workPeriod: 1n, evaluator: first.address },
    1n,
  ],
] as const)('the digest of a claim is the EIP-712 hash of its message: %#', (market, message, deadline) => {
  expect(claimDigest(market, message, deadline)).toBe(
    hashTypedData(claimTypedData(market, message, deadline) as TypedDataDefinition),
  )
})
