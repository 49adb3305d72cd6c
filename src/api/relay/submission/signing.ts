import { type Address, type Hex, keccak256, type TransactionSerializableEIP1559 } from 'viem'
import { reasonOf } from '../../observability/describeError.ts'
import { unavailable, within } from '../chain/client.ts'
import type { Fees } from '../chain/fees.ts'
import type { MarketCall } from '../chain/market.ts'
import type { Attempt } from '../store/transactions.ts'

/** The timeout of a signature, during which database locks are kept. */
const SIGNING_TIMEOUT_MS = 5_000

/** Any account of viem. It pays for claims. Its key may be in a KMS: then signing takes longer, and may fail. */
export type Signer = {
  address: Address
  signTransaction: (transaction: TransactionSerializableEIP1559) => Promise<Hex>
}

type SigningFailure = { reason: string; at: number }

/** The failure of each signer whose last signature failed. */
const failures = new WeakMap<Signer, SigningFailure>()

/** How long a failure is reported without another attempt. Nothing is signed only to find out. */
const FAILURE_LIFETIME_MS = 60_000

/** Why the signer's last signature failed; undefined if it succeeded, or a minute has passed. */
export function signingFailureOf(signer: Signer): string | undefined {
  const failure = failures.get(signer)
  return failure && performance.now() - failure.at < FAILURE_LIFETIME_MS ? failure.reason : undefined
}

/** A call with its gas limit. */
export type PricedCall = Pick<MarketCall, 'to' | 'data'> & { gas: bigint; filler: boolean }

/** A filler: an empty transfer to the signer itself, which only uses up a nonce. */
export const fillerCall = ({ address }: Signer): PricedCall => ({ to: address, data: '0x', gas: 21_000n, filler: true })

/** @throws Problem RELAY_UNAVAILABLE if the account does not sign. */
export async function sign(
  signer: Signer,
  chainId: number,
  nonce: number,
  { to, data, gas, filler }: PricedCall,
  fees: Fees,
): Promise<Attempt> {
  const failure = `Signer ${signer.address} does not sign.`
  const signing = signer.signTransaction({ type: 'eip1559', chainId, nonce, to, data, gas, value: 0n, ...fees })
  const raw = await within(SIGNING_TIMEOUT_MS, signing, failure).catch((error) => {
    failures.set(signer, { reason: reasonOf(error), at: performance.now() })
    throw unavailable(failure, error)
  })
  failures.delete(signer)
  return { hash: keccak256(raw), raw, gas, filler, fees }
}
