import { type Address, type Hex, keccak256, type TransactionSerializableEIP1559 } from 'viem'
import { unavailable, within } from '../chain/client.ts'
import type { Fees } from '../chain/fees.ts'
import type { MarketCall } from '../chain/market.ts'
import type { Attempt } from '../store/transactions.ts'

/** How long a signer may take: so long the database's locks are held for it. Milliseconds. */
const SIGNING_TIMEOUT = 5_000

/** Any account of viem; it pays for claims. Its key may be elsewhere: then signing takes its time, and may fail. */
export type Signer = {
  address: Address
  signTransaction: (transaction: TransactionSerializableEIP1559) => Promise<Hex>
}

/** A call with the most gas that it may take. */
export type PricedCall = Pick<MarketCall, 'to' | 'data'> & { gas: bigint; filler: boolean }

/** An empty transfer to the signer itself: it uses up a nonce that nothing else will. */
export const fillerCall = ({ address }: Signer): PricedCall => ({ to: address, data: '0x', gas: 21_000n, filler: true })

/** @throws Problem RELAY_UNAVAILABLE if the signer does not sign. */
export async function sign(
  signer: Signer,
  chainId: number,
  nonce: number,
  { to, data, gas, filler }: PricedCall,
  fees: Fees,
): Promise<Attempt> {
  const failure = `Signer ${signer.address} does not sign.`
  const signing = signer.signTransaction({ type: 'eip1559', chainId, nonce, to, data, gas, value: 0n, ...fees })
  const raw = await within(SIGNING_TIMEOUT, signing, failure).catch((error) => {
    throw unavailable(failure, error)
  })
  return { hash: keccak256(raw), raw, gas, filler, fees }
}
