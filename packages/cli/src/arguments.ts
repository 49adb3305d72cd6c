import { InvalidArgumentError } from 'commander'
import { type Address, type Hex, isAddress } from 'viem'
import { endOfSalt } from '../../../core/market/salt.ts'
import * as amounts from '../../../core/market/usdc.ts'

const MAX_DURATION_DAYS = 365

/** Seconds in each unit of a duration. */
const secondsIn: Record<string, number> = { h: 3_600, d: 86_400 }

/** @returns USDC base units. @param text whole USDC, such as `100` or `0.5`. */
export function parseUsdc(text: string): bigint {
  try {
    return amounts.usdc(text)
  } catch {
    throw new InvalidArgumentError('Give USDC with at most 6 decimals, such as 100 or 0.5.')
  }
}

/** @param amount USDC base units. */
export const formatUsdc = (amount: bigint | string): string => `${amounts.formatUsdc(amount)} USDC`

export function parseId(text: string): bigint {
  if (!/^(0|[1-9]\d*)$/.test(text)) throw new InvalidArgumentError('Give an id, such as 39.')
  return BigInt(text)
}

export function parseAddress(text: string): Address {
  if (!isAddress(text, { strict: false })) throw new InvalidArgumentError('Give 0x and 40 hexadecimal digits.')
  return text
}

/** @returns seconds. @param text hours or days, such as `48h` or `7d`. */
export function parseDuration(text: string): number {
  const [, count, unit = ''] = /^(\d+)([hd])$/.exec(text) ?? []
  const seconds = Number(count) * (secondsIn[unit] ?? 0)
  if (!(seconds > 0 && seconds <= MAX_DURATION_DAYS * 86_400)) {
    throw new InvalidArgumentError(`Give hours or days, such as 48h or 7d, up to ${MAX_DURATION_DAYS}d.`)
  }
  return seconds
}

/** Reads a whole number. @param advice what to give where the text is none. */
const parseNumber = (pattern: RegExp, advice: string) => (text: string) => {
  if (!pattern.test(text)) throw new InvalidArgumentError(advice)
  return Number(text)
}

export const parsePercent = parseNumber(/^([1-9]\d?|100)$/, 'Give a whole percentage from 1 to 100.')

/** The number of the request for a revision that a delivery answers. */
export const parseRevision = parseNumber(/^[0-3]$/, 'Give a revision from 0, the first delivery, to 3.')

/** How many items. */
export const parseLimit = parseNumber(/^([1-9]\d?|100)$/, 'Give a number from 1 to 100.')

/** The number of a page, from 1. */
export const parsePage = parseNumber(/^[1-9]\d{0,8}$/, 'Give the number of a page, from 1.')

/** How many claims. */
export const parseCount = parseNumber(/^\d{1,6}$/, 'Give a number from 0 to 999999.')

export function parseHash(text: string): string {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError('Give 0x and 64 hexadecimal digits.')
  return text
}

export function parseSalt(text: string): Hex {
  try {
    endOfSalt(text)
    return text as Hex
  } catch {
    throw new InvalidArgumentError('Give a salt that `salt` has printed.')
  }
}
