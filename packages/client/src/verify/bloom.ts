import { type Hex, hexToBytes, keccak256 } from 'viem'

const BITS_PER_ITEM = 3

/** Whether a block's logs may have the address or topic. Rarely it says so of a block without; never the other way round. */
export function mayContain(logsBloom: Hex, item: Hex): boolean {
  const bloom = hexToBytes(logsBloom)
  const digest = hexToBytes(keccak256(item))
  return Array.from({ length: BITS_PER_ITEM }, (_, place) => {
    const bit = (((digest[2 * place] ?? 0) << 8) | (digest[2 * place + 1] ?? 0)) & 0x7ff
    // The filter's first byte has its highest bits.
    return ((bloom[bloom.length - 1 - (bit >> 3)] ?? 0) >> (bit & 7)) & 1
  }).every((isSet) => isSet === 1)
}
