import { formatTransactionReceipt } from 'viem'
import { expect, it } from 'vitest'
import { paidFee } from '../../relay/chain/fees.ts'

const receipt = { gasUsed: '0x5208', effectiveGasPrice: '0x3b9aca00', status: '0x1' }

it('adds the execution fee and, on a rollup, the L1 data fee', () => {
  expect(paidFee(formatTransactionReceipt(receipt as never))).toBe(21_000n * 1_000_000_000n)
  const onRollup = { ...receipt, l1Fee: '0x2386f26fc10000', l1GasPrice: '0x1' }
  expect(paidFee(formatTransactionReceipt(onRollup as never))).toBe(21_000n * 1_000_000_000n + 10_000_000_000_000_000n)
})
