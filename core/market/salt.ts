import { bytesToHex, concatHex, type Hex, isHex, numberToHex, size, sliceHex } from 'viem'

/** How long a new salt can be paid with: a minute less than the relay takes, for clocks that are ahead. */
export const SALT_SECONDS = 540

/** The years 2001 to 5138, in seconds since 1970: other numbers are no times. */
const TIMES = { from: 1e9, until: 1e11 }

/**
 * 32 bytes for one post, stake or registration. The first eight are the second at which its signature ends, nine minutes from now;
 * the others are random. So the salt and the terms are all that is signed: who signs them again signs the same, which the chain takes once.
 * @param now seconds since 1970; the clock's if absent.
 */
export const createSalt = (now = Date.now() / 1_000): Hex =>
  saltOf(Math.floor(now) + SALT_SECONDS, bytesToHex(crypto.getRandomValues(new Uint8Array(24))))

/** The salt of a signature that ends at this second. @param name 24 bytes or more. */
export const saltOf = (end: bigint | number, name: Hex): Hex =>
  concatHex([numberToHex(end, { size: 8 }), sliceHex(name, 0, 24)])

/** The second at which the signature with the salt ends. @throws if it is no salt of `createSalt`. */
export function endOfSalt(salt: string): bigint {
  const end = isHex(salt) && size(salt) === 32 ? BigInt(sliceHex(salt, 0, 8)) : 0n
  if (end >= TIMES.from && end < TIMES.until) return end
  throw new Error(
    `The salt ${salt} is none: it has 32 bytes, of which the first eight are a time. Make one with createSalt().`,
  )
}
