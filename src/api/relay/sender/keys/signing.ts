import { type Address, type Hex, keccak256, type TransactionSerializableEIP1559 } from 'viem'
import { reasonOf } from '../../../../../core/describeError.ts'
import { within } from '../../chain/client.ts'
import type { Fees } from '../../chain/fees.ts'
import { Refusal } from '../../refusal.ts'
import type { Attempt } from '../store/transactions.ts'

/** The timeout of a signature, during which database locks are kept. */
const SIGNING_TIMEOUT_MS = 5_000

/** Any account of viem. It pays for gas. Its key may be in a KMS: then signing takes longer, and may fail. */
export type Signer = {
  address: Address
  signTransaction: (transaction: TransactionSerializableEIP1559) => Promise<Hex>
}

/** A call that a signer may send. Its target and selector come from this program, never from a request. Its value is 0. */
export type Call = { to: Address; data: Hex; gas: bigint }

/** How long a signer rests after a failure; twice as long after each further one in a row. */
const FIRST_REST_MS = 1_000
const LONGEST_REST_MS = 30_000

/** The cause of the last failure, and the number of failures in a row. Times by `performance.now()`. */
type SigningFailure = { error: unknown; at: number; inARow: number; restsUntil: number }

/** The failure of each signer whose last signature failed. */
const failures = new WeakMap<Signer, SigningFailure>()

/** How long a failure is reported without another attempt. Nothing is signed only to find out. */
const FAILURE_LIFETIME_MS = 60_000

/** Why the signer's last signature failed; undefined if it succeeded, or a minute has passed. */
export function signingFailureOf(signer: Signer): string | undefined {
  const failure = failures.get(signer)
  return failure && performance.now() - failure.at < FAILURE_LIFETIME_MS ? reasonOf(failure.error) : undefined
}

/** For how many milliseconds more the signer is not asked for a signature, because its last ones failed; 0 if it is. */
export const signingRestOf = (signer: Signer) =>
  Math.max(0, (failures.get(signer)?.restsUntil ?? 0) - performance.now())

function storeFailure(signer: Signer, error: unknown) {
  const now = performance.now()
  const last = failures.get(signer)
  // Signatures that fail together are one failure.
  if (last && now < last.restsUntil) return
  const inARow = (last?.inARow ?? 0) + 1
  const rest = Math.min(FIRST_REST_MS * 2 ** (inARow - 1), LONGEST_REST_MS)
  failures.set(signer, { error, at: now, inARow, restsUntil: now + rest })
}

/** RELAY_UNAVAILABLE because the signer did not sign: no bytes exist that could be stored or sent. */
export class NotSigned extends Refusal {
  constructor({ address }: Signer, cause: unknown) {
    super('RELAY_UNAVAILABLE', `Signer ${address} does not sign.`, { retrySeconds: 2, cause })
  }
}

/** A filler: an empty transfer to the signer itself, which only uses up a nonce. */
export const fillerCall = ({ address }: Signer): Call => ({
  to: address,
  data: '0x',
  gas: 21_000n,
})

/** @throws NotSigned if the account does not sign, or rests because it did not. */
export async function sign(
  signer: Signer,
  chainId: number,
  nonce: number,
  { to, data, gas }: Call,
  fees: Fees,
): Promise<Attempt> {
  if (signingRestOf(signer) > 0) throw new NotSigned(signer, failures.get(signer)?.error)
  const signing = signer.signTransaction({ type: 'eip1559', chainId, nonce, to, data, gas, value: 0n, ...fees })
  const silence = `No signature within ${SIGNING_TIMEOUT_MS / 1_000} s.`
  const raw = await within(SIGNING_TIMEOUT_MS, signing, silence).catch((error) => {
    storeFailure(signer, error)
    throw new NotSigned(signer, error)
  })
  failures.delete(signer)
  return { hash: keccak256(raw), raw, gas, filler: data === '0x', ...fees }
}
