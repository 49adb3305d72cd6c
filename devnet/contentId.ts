import { concat, hexToBigInt, sha256, stringToBytes } from 'viem'

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** An `ipfs://Qm…` address, well-formed as a CID of version 0, that stands for `content`. Nothing is stored there. */
export function contentId(content: string): string {
  let rest = hexToBigInt(concat(['0x1220', sha256(stringToBytes(content))]))
  let digits = ''
  for (; rest > 0n; rest /= 58n) digits = alphabet.charAt(Number(rest % 58n)) + digits
  return `ipfs://${digits}`
}
