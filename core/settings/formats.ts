import { getAddress, type Hex, isAddress, parseUnits, zeroAddress } from 'viem'
import { z } from 'zod'

const url = (protocol: RegExp, example: string) => z.url({ protocol, error: `must be a URL such as ${example}` })

export const postgresUrl = url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/database')
export const endpoint = url(/^https?$/, 'http://127.0.0.1:8545')
export const collector = url(/^https?$/, 'http://127.0.0.1:4318')
export const contact = url(/^(https|mailto)$/, 'mailto:security@example.org')
/** Parsed to a URL without a slash at its end. */
export const website = url(/^https?$/, 'https://basescan.org').transform((value) => value.replace(/\/+$/, ''))

export const integer = (min: number, max: number) => {
  const error = `must be an integer from ${min} to ${max}`
  return z.coerce.number(error).int(error).min(min, error).max(max, error)
}
const noShare = 'must be a number from 0 to 1'
export const share = z.coerce.number(noShare).min(0, noShare).max(1, noShare)
export const port = (fallback: number) => integer(0, 65_535).default(fallback)
export const perTime = (fallback: number) => integer(1, 1_000_000).default(fallback)
export const boolean = z.stringbool('must be true or false')

/** An amount in the unit, parsed to wei. */
export const amount = (unit: string, decimals: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9]{1,9}([.][0-9]{1,${decimals}})?$`), `must be an amount of ${unit}, such as 0.5`)
    .transform((value) => parseUnits(value, decimals))
/** A percentage, parsed to parts of a million. */
export const percent = amount('percent', 4).refine((parts) => parts <= 1_000_000n, 'must be a percentage from 0 to 100')
export const baseUnits = z
  .string()
  .regex(/^[0-9]{1,15}$/, 'must be an amount in USDC base units, such as 1000000 for 1 USDC')
  .transform(BigInt)

/** MIN_REWARD, and the largest MAX_REWARD, of the market's constructor. In USDC base units. */
const MIN_REWARD = 10_000n
const LARGEST_MAX_REWARD = 10n ** 15n
/** An amount of USDC, parsed to base units. */
export const maxReward = z
  .string()
  .regex(/^[0-9]{1,10}([.][0-9]{1,6})?$/, 'must be an amount of USDC, such as 1000')
  .transform((value) => parseUnits(value, 6))
  .refine(
    (value) => value >= MIN_REWARD && value <= LARGEST_MAX_REWARD,
    'must be from 0.01 to 1000000000, a billion USDC',
  )

export const commaSeparated = z.string().transform((list) => list.split(',').map((item) => item.trim()))
export const privateKey = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, 'must be 0x and 64 hexadecimal digits')
  .transform((key) => key as Hex)
export const kmsKey = z.string().regex(/^[a-zA-Z0-9:/_-]{1,2048}$/, 'must be ids, ARNs or aliases of keys in AWS KMS')
export const address = z
  .string()
  .refine(
    (value) => isAddress(value),
    'must be an address of 0x and 40 hexadecimal digits, with its checksum if mixed-case',
  )
  .refine((value) => value !== zeroAddress, 'must not be the zero address')
  .transform((value) => getAddress(value))
