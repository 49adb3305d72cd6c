import type { Hex } from 'viem'
import type { AccountMessage } from '../../../../core/market/accountActions.ts'
import type { OpenCall } from '../../../../core/market/openCalls.ts'
import type { RunMessage } from '../../../../core/market/runActions.ts'
import type { Word } from '../chain/signatures.ts'
import { gasLimitOf } from '../chain/simulation.ts'
import { tooMuchGas } from '../refusal.ts'

/** What a party signs, about a run, or about itself and its agents; or a call that anyone may ask for. */
export type Message = RunMessage | AccountMessage | OpenCall

/** An action as a request describes it: what its party signs, and the signature. */
export type ActionRequest<M extends Message = Message> = {
  /** The id of the HTTP request, for the log; absent if the action was read from the database. */
  requestId?: string
  message: M
  signature: Hex
}

/** Stands for the signature of a call that anyone may ask for. */
export const UNSIGNED: Hex = '0x'

/** `actionId`: what the message hashes to (EIP-712), so that every signature of it is of the same action. */
export type NamedAction<M extends Message = Message> = { actionId: Hex; request: ActionRequest<M> }

/** The signature of the action's message. */
export const wordOf = ({ actionId, request: { message, signature } }: NamedAction): Word => {
  return { digest: actionId, wallet: message.party, signature }
}

/**
 * The gas limit of an action.
 * @param estimate the gas that the simulation used.
 * @param most what the relay pays for.
 * @throws Refusal ACTION_REVERTED if the action uses more gas than the relay pays for.
 */
export function actionGasLimit(estimate: bigint, most: bigint): bigint {
  if (estimate > most) throw tooMuchGas('action', most, estimate)
  return gasLimitOf(estimate, most)
}
