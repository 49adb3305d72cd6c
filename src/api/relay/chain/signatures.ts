import * as secp256k1 from 'tiny-secp256k1'
import { type Address, encodeFunctionData, type Hex, hexToBytes, isAddressEqual, parseAbi } from 'viem'
import { isErc6492Signature, parseErc6492Signature, publicKeyToAddress } from 'viem/utils'
import { createFairLane, type Requester } from '../../../../core/fairLane.ts'
import { Refusal, rateLimited, unavailable } from '../refusal.ts'
import { isHalt } from './client.ts'
import { type Market, tryCall } from './market.ts'

/** The most gas that a contract takes to check the signature of its wallet, with the bytes of the signature. */
export const CONTRACT_WALLET_GAS = 100_000n

/** A wallet's word: its signature of the digest of an EIP-712 message. */
export type Word = { digest: Hex; wallet: Address; signature: Hex }

/** Whether the wallet’s key signed the digest. It needs no call to the node. */
export function isSignedByKey({ digest, wallet, signature }: Word): boolean {
  const signer = recoverSigner(digest, signature)
  return signer !== undefined && isAddressEqual(signer, wallet)
}

/** Half of the curve's order. OpenZeppelin’s ECDSA refuses a larger `s`. */
const MAX_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/**
 * Recovers the signer's address by the rules of OpenZeppelin’s ECDSA.tryRecover: 65 bytes, no high `s`, `v` 27 or 28.
 * libsecp256k1 as WebAssembly takes 0.3 ms, viem’s JavaScript 1.7 ms, which a flood of junk claims would cost other claims.
 */
function recoverSigner(digest: Hex, signature: Hex): Address | undefined {
  const bytes = hexToBytes(signature)
  const recovery = (bytes[64] ?? 0) - 27
  if (bytes.length !== 65 || (recovery !== 0 && recovery !== 1)) return undefined
  if (BigInt(`0x${signature.slice(66, 130)}`) > MAX_S) return undefined
  try {
    const key = secp256k1.recover(hexToBytes(digest), bytes.subarray(0, 64), recovery, false)
    return key ? publicKeyToAddress(`0x${Buffer.from(key).toString('hex')}`) : undefined
  } catch (error) {
    // libsecp256k1 throws this if `r` or `s` is out of range.
    if (error instanceof Error && error.message.startsWith('Expected ')) return undefined
    throw error
  }
}

/**
 * What ERC-6492 wraps, which wallets do that may not be deployed yet. The contracts take the signature alone, so the calls for the
 * wallet's factory are dropped: this relay calls none.
 */
export function unwrap(signature: Hex): { signature: Hex; isWrapped: boolean } {
  if (!isErc6492Signature(signature)) return { signature, isWrapped: false }
  try {
    return { signature: parseErc6492Signature(signature).signature, isWrapped: true }
  } catch {
    // Bytes that end with the magic ones, and are no wrapping: nothing accepts them.
    return { signature, isWrapped: false }
  }
}

export const walletNotDeployed = (wallet: Address): Refusal =>
  new Refusal(
    'WALLET_NOT_DEPLOYED',
    `${wallet} has no code, and its signature is that of a contract (ERC-6492). Deploy the wallet, or sign with a key.`,
  )

const erc1271Abi = parseAbi(['function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)'])
const ERC1271_MAGIC = '0x1626ba7e'

/** The gas limit of a call whose code may use `gas`: nodes take the gas of a transaction's data from it (EIP-7623). */
function callGas(data: Hex, gas: bigint): bigint {
  const bytes = hexToBytes(data)
  const tokens = bytes.reduce((sum, byte) => sum + (byte === 0 ? 1n : 4n), 0n)
  const standard = 4n * tokens + gas
  const floor = 10n * tokens
  return 21_000n + (standard > floor ? standard : floor)
}

/** Whether the wallet’s contract accepts the signature (ERC-1271). The caller is the market. */
export async function isSignedByContract(market: Market, { digest, wallet, signature }: Word): Promise<boolean> {
  const args = [digest, signature] as const
  const data = encodeFunctionData({ abi: erc1271Abi, functionName: 'isValidSignature', args })
  const call = { from: market.address, to: wallet, data, gas: callGas(data, CONTRACT_WALLET_GAS) }
  try {
    const trial = await tryCall(market, call, 'latest')
    return 'passed' in trial && trial.passed.data?.startsWith(ERC1271_MAGIC) === true
  } catch (error) {
    if (isHalt(error)) return false
    throw error
  }
}

/** How many calls of wallet contracts run at once, and how many requests of one client may wait for such a call. */
const CONTRACT_WALLET_LANE = {
  concurrency: 4,
  maxWaitingPerClient: 64,
  waiting: 'requests wait for their signatures to be checked',
  refuseFull: rateLimited,
  refuseGone: unavailable,
}

export type SignatureCheck = ReturnType<typeof createSignatureCheck>

/**
 * Creates a function that tells what accepts the signature: the wallet's key or its contract; undefined if nothing does. A key's
 * signature needs no call.
 */
export function createSignatureCheck(isSignedByContract: (word: Word) => Promise<boolean>) {
  const contractWallets = createFairLane(CONTRACT_WALLET_LANE)

  return async function checkSignature(
    word: Word,
    hasCode: (account: Address) => Promise<boolean>,
    requester: Requester,
  ): Promise<'key' | 'contract' | undefined> {
    if (isSignedByKey(word)) return 'key'
    if (!(await hasCode(word.wallet))) return undefined
    return (await contractWallets(requester, () => isSignedByContract(word))) ? 'contract' : undefined
  }
}
