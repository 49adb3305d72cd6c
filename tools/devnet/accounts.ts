import { type Hex, toHex } from 'viem'
import { mnemonicToAccount, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'

/** How many accounts of the test mnemonic `startChain` funds with ETH. */
export const accountCount = 20

const parent = mnemonicToAccount('test test test test test test test test test test test junk', {
  path: `m/44'/60'/0'/0`,
}).getHdKey()

/** The private key of the test mnemonic's account `index`. It is public: never use it on a chain that holds value. */
export function keyOf(index: number): Hex {
  const { privateKey } = parent.deriveChild(index)
  if (!privateKey) throw new Error(`The test mnemonic has no private key ${index}`)
  return toHex(privateKey)
}

/** The test mnemonic's account `index`, counted from 0. */
export function accountOf(index: number): PrivateKeyAccount {
  return privateKeyToAccount(keyOf(index))
}

/**
 * The accounts of a devnet's roles. The relayer is the last account, because users try things with the first ones, and
 * must not use up the relayer's nonces.
 */
export const roles = { deployer: 0, owner: 0, treasury: 1, relayer: accountCount - 1 } as const
