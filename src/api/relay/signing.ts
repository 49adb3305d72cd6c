import { type Hex, keccak256, type LocalAccount } from 'viem'
import type { Fees } from './fees.ts'
import type { MarketCall } from './market.ts'

/** What every attempt of a filler takes: a transfer of nothing. */
const TRANSFER_GAS = 21_000n

/** A call with the most gas that it may take. */
export type PricedCall = Pick<MarketCall, 'to' | 'data'> & { gas: bigint; filler: boolean }

/** The bytes of one try to use a nonce. Several may exist for a nonce; the chain takes one. */
export type Attempt = { hash: Hex; raw: Hex; gas: bigint; filler: boolean; fees: Fees }

/** An empty transfer to the signer itself: it uses up a nonce that nothing else will. */
export const fillerCall = ({ address }: LocalAccount): PricedCall => ({
  to: address,
  data: '0x',
  gas: TRANSFER_GAS,
  filler: true,
})

export async function sign(
  account: LocalAccount,
  chainId: number,
  nonce: number,
  { to, data, gas, filler }: PricedCall,
  fees: Fees,
): Promise<Attempt> {
  const raw = await account.signTransaction({ type: 'eip1559', chainId, nonce, to, data, gas, value: 0n, ...fees })
  return { hash: keccak256(raw), raw, gas, filler, fees }
}
