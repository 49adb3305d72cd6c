// Amounts of USDC: base units as BigInt, and what people type and read.

const DECIMALS = 6
const REWARD_PER_FEE = 20n

/** The base units of an amount such as 1,234.5; undefined if it is none. */
export function parseUsdc(text) {
  const match = /^([0-9]{1,10})(?:[.]([0-9]{1,6}))?$/.exec(text.trim().replaceAll(',', ''))
  return match ? BigInt(match[1] + (match[2] ?? '').padEnd(DECIMALS, '0')) : undefined
}

/** Such as 1,234 or 1,234.50. @param {bigint} baseUnits */
export function formatUsdc(baseUnits) {
  const digits = String(baseUnits).padStart(DECIMALS + 1, '0')
  const whole = digits.slice(0, -DECIMALS).replaceAll(/\B(?=(\d{3})+$)/g, ',')
  const decimals = digits.slice(-DECIMALS).replace(/0{1,4}$/, '')
  return decimals === '00' ? whole : `${whole}.${decimals}`
}

/** What a poster pays beside the reward. */
export const feeOf = (reward) => reward / REWARD_PER_FEE
