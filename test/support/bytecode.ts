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

/**
 * Code of a contract that calls the address in the first word of its calldata with the rest, each byte of which it inverts: so
 * that what it passes on, such as a signature, is in no transaction's calldata.
 */
export const invertingForwarder: Hex = concatHex([
  // CALLDATACOPY(0, 32, n) with n = CALLDATASIZE - 32; i = 0
  '0x602036038060206000376000',
  // while (i < n) { MSTORE(i, NOT(MLOAD(i))); i += 32 }
  '0x5b81811015601f57805119815260200160',
  '0x0c565b50',
  // if (!CALL(GAS, CALLDATALOAD(0), 0, 0, n, 0, 0)) REVERT(0, 0)
  '0x6000600082600060006000355af115603457005b60006000fd',
])
