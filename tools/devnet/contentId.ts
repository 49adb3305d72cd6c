import { concat, hexToBigInt, sha256, stringToBytes } from 'viem'

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** A well-formed `ipfs://Qm…` address (a CID of version 0) made from `content`. It does not store the content. */
export function contentId(content: string): string {
  let remainder = hexToBigInt(concat(['0x1220', sha256(stringToBytes(content))]))
  let digits = ''
  for (; remainder > 0n; remainder /= 58n) digits = alphabet.charAt(Number(remainder % 58n)) + digits
  return `ipfs://${digits}`
}
