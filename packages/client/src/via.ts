import type { Hex } from 'viem'
import type { ActionSigner } from './action.ts'
import type { CallOptions } from './request.ts'
import { type Mined, needsRelay, signerOf, type Wallet } from './transactions.ts'
import type { WaitOptions } from './untilDecided.ts'

/** The signer signs, and the API sends the action and pays the gas. The signer needs no ether. */
export type ByRelay = { via: 'relay'; signer: ActionSigner } & WaitOptions

/** A transaction of the client's wallet; without `via`, and where the wallet has no ether, by the relay with its signature. */
export type ByWallet = { via?: 'wallet' | undefined } & CallOptions

export type Via = ByRelay | ByWallet

/**
 * Of posts, stakes and registrations. `salt`: of `createSalt`. With the same salt and the same terms a call is the same action, in
 * another process too: it is made once, and a call that is repeated gets the answer of the first. It can be made for nine minutes.
 */
export type BySalt = (ByRelay & { salt?: Hex | undefined }) | ByWallet

/** What anyone may ask for: the API needs no signature. */
export type OpenVia = ({ via: 'relay' } & WaitOptions) | ByWallet

/** What is returned: the API's answer, or the mined transaction. */
export type Made<By extends { via?: string | undefined }, Relayed, Sent = Mined> = By extends { via: 'relay' }
  ? Relayed
  : Sent

/**
 * Makes the action as the caller chose. If the caller chose nothing, the client's wallet sends it, or signs it where it has no
 * ether: then `toSent` adds what a transaction returns to the API's answer.
 */
export async function choose<By extends Via | OpenVia, Relayed extends object, Sent>(
  by: By | undefined,
  connectedWallet: () => Wallet,
  relay: (options: Extract<By, { via: 'relay' }>) => Promise<Relayed>,
  send: (options: CallOptions) => Promise<Sent>,
  toSent?: (answer: Relayed) => object,
): Promise<Made<By, Relayed, Sent>> {
  const make = async () => {
    if (by?.via === 'relay') return relay(by as Extract<By, { via: 'relay' }>)
    if (by?.via === 'wallet' || !(await needsRelay(connectedWallet()))) return send(by ?? {})
    const options = { ...by, via: 'relay', signer: signerOf(connectedWallet()) } as unknown
    const answer = await relay(options as Extract<By, { via: 'relay' }>)
    return Object.assign(answer, toSent?.(answer))
  }
  return make() as Promise<Made<By, Relayed, Sent>>
}
