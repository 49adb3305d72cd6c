import { type Hex, toHex } from 'viem'
import { mnemonicToAccount, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'

/** How many accounts `startChain` gives ETH. */
export const accountCount = 20

const parent = mnemonicToAccount('test test test test test test test test test test test junk', {
  path: `m/44'/60'/0'/0`,
}).getHdKey()

/** The private key of an account that every Anvil knows. Public: never to be used on a chain that holds value. */
export function keyOf(index: number): Hex {
  const { privateKey } = parent.deriveChild(index)
  if (!privateKey) throw new Error(`The test mnemonic has no private key ${index}`)
  return toHex(privateKey)
}

/** The test mnemonic's account `index`, from 0. */
export function accountOf(index: number): PrivateKeyAccount {
  return privateKeyToAccount(keyOf(index))
}

/**
 * Who is who on a devnet. The relayer comes last: who tries things with the first accounts, as everybody does, must
 * not use up the relayer's nonces.
 */
export const roles = { deployer: 0, owner: 0, treasury: 1, relayer: accountCount - 1 } as const
