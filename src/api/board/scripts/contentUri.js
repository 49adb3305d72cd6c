import { sha256 } from './hashes/sha2.js'
import { bytesToHex } from './hashes/utils.js'

/** Before the hash in a CID: version 1, codec raw, sha2-256, 32 bytes. */
const CID_PREFIX = '0x01551220'

/** The digits of base32 in CIDs, in the order of those of JavaScript's numbers. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** A CID has 288 bits, and 58 digits of 5 bits. */
const PADDING_BITS = 2n

/** The URI of a text as the API stores it, computed here because the API may lie. */
export function contentUri(text) {
  const cid = BigInt(CID_PREFIX + bytesToHex(sha256(new TextEncoder().encode(text)))) << PADDING_BITS
  return `ipfs://b${cid
    .toString(32)
    .padStart(58, '0')
    .replaceAll(/./g, (digit) => BASE32[Number.parseInt(digit, 32)])}`
}
