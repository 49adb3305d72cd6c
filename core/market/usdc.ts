import { formatUnits, parseUnits } from 'viem'

const USDC_DECIMALS = 6

/**
 * USDC in base units, as contracts and clients take it. @param amount whole USDC, such as `'12.5'` or `100`.
 * @throws if it is no amount, or has more than six decimals.
 */
export function usdc(amount: string | number): bigint {
  if (/^\d+(\.\d{1,6})?$/.test(String(amount))) return parseUnits(String(amount), USDC_DECIMALS)
  throw new Error(
    `${JSON.stringify(amount)} is no amount of USDC. Give whole USDC with at most 6 decimals, such as 12.5.`,
  )
}

/** Whole USDC as text, such as `12.5`. @param amount USDC base units, as contracts have them or as answers do. */
export const formatUsdc = (amount: bigint | number | string): string => formatUnits(BigInt(amount), USDC_DECIMALS)
