import { concatHex, type Hex, numberToHex } from 'viem'

/** Code of a contract that returns one word for every call. */
export function returning(word: bigint): Hex {
  // PUSH32 word, PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, RETURN
  return concatHex(['0x7f', numberToHex(word, { size: 32 }), '0x60005260206000f3'])
}

/** Code of a contract that returns one word for every call of `selector`, and reverts without data on other calls. */
export function returningFor(selector: Hex, word: bigint): Hex {
  // PUSH1 0, CALLDATALOAD, PUSH1 224, SHR, PUSH4 selector, EQ, PUSH1 20, JUMPI, PUSH1 0, PUSH1 0, REVERT, JUMPDEST
  return concatHex(['0x60003560e01c63', selector, '0x14601457', '0x60006000fd', '0x5b', returning(word)])
}
