import type { ActionSigner } from './actionMessage.ts'
import type { CallOptions } from './request.ts'
import type { Mined } from './transactions.ts'
import type { WaitOptions } from './untilDecided.ts'

/** The signer signs, and the API sends the action and pays the gas. The signer needs no ether. */
export type ByRelay = { via: 'relay'; signer: ActionSigner } & WaitOptions

/** A transaction of the client's wallet. */
export type ByWallet = { via?: 'wallet' | undefined } & CallOptions

export type Via = ByRelay | ByWallet

/** What anyone may ask for: the API needs no signature. */
export type OpenVia = ({ via: 'relay' } & WaitOptions) | ByWallet

/** What is returned: the API's answer, or the mined transaction. */
export type Made<By extends { via?: string | undefined }, Relayed, Sent = Mined> = By extends { via: 'relay' }
  ? Relayed
  : Sent

/** Makes the action as the caller chose. The client's wallet sends it if the caller chose nothing. */
export const choose = <By extends Via | OpenVia, Relayed, Sent>(
  by: By | undefined,
  relay: (options: Extract<By, { via: 'relay' }>) => Promise<Relayed>,
  send: (options: CallOptions) => Promise<Sent>,
) =>
  (by?.via === 'relay' ? relay(by as Extract<By, { via: 'relay' }>) : send(by ?? {})) as Promise<
    Made<By, Relayed, Sent>
  >
