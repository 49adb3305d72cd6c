import { formatTransactionReceipt } from 'viem'
import { describe, expect, it } from 'vitest'
import { type Fees, isFairReplacement, paidFee, replacementFees } from '../../src/api/relay/chain/fees.ts'

const receipt = { gasUsed: '0x5208', effectiveGasPrice: '0x3b9aca00', status: '0x1' }

it('adds the execution fee and, on a rollup, the L1 data fee', () => {
  expect(paidFee(formatTransactionReceipt(receipt as never))).toBe(21_000n * 1_000_000_000n)
  const onRollup = { ...receipt, l1Fee: '0x2386f26fc10000', l1GasPrice: '0x1' }
  expect(paidFee(formatTransactionReceipt(onRollup as never))).toBe(21_000n * 1_000_000_000n + 10_000_000_000_000_000n)
})

describe('the price of a replacement', () => {
  const feesOf = (maxFeePerGas: bigint, maxPriorityFeePerGas: bigint): Fees => ({ maxFeePerGas, maxPriorityFeePerGas })
  /** At a base fee of 8 and a tip of 4 the chain asks for 12. */
  const now = feesOf(20n, 4n)

  it.each<[string, Fees, Fees, boolean]>([
    ['is an eighth higher in both parts', feesOf(24n, 8n), feesOf(27n, 9n), true],
    ['is what the chain asks for now, if that is more', feesOf(8n, 1n), now, true],
    ['is fair up to four times what the chain asks for', feesOf(42n, 8n), feesOf(48n, 9n), true],
    ['is not fair beyond that', feesOf(43n, 8n), feesOf(49n, 9n), false],
  ])('%s', (_, last, price, isFair) => {
    expect(replacementFees(last, now)).toEqual(price)
    expect(isFairReplacement(price, now)).toBe(isFair)
  })
})
