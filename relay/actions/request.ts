import type { Address, Hex } from 'viem'
import { type RunMessage, runCallData } from '../../market/runActions.ts'
import { gasLimitOf } from '../chain/gas.ts'
import type { Market, MarketCall } from '../chain/market.ts'
import { CONTRACT_WALLET_GAS } from '../chain/signatures.ts'
import { tooMuchGas } from '../refusal.ts'

/** An action as a request describes it: what its party signs, and the signature. */
export type ActionRequest = {
  /** The id of the HTTP request, for the log; absent if the action was read from the database. */
  requestId?: string
  message: RunMessage
  signature: Hex
}

/** `actionId`: what the message hashes to (EIP-712), so that every signature of it is of the same action. */
export type NamedAction = { actionId: Hex; request: ActionRequest }

/** The most gas of an action that a key has signed, with every slot cold: a rejection burns a stake and a fee. */
const PLAIN_ACTION_GAS = 150_000n

/** The most gas of an action. */
export const MAX_ACTION_GAS = PLAIN_ACTION_GAS + CONTRACT_WALLET_GAS

/** The call with which `from` makes the action. */
export const actionCall = ({ address }: Market, from: Address, { message, signature }: ActionRequest): MarketCall => ({
  from,
  to: address,
  data: runCallData(message, signature),
})

/**
 * The gas limit of an action.
 * @param estimate the gas that the simulation used.
 * @throws Refusal ACTION_REVERTED if the action uses more gas than the relay pays for.
 */
export function actionGasLimit(estimate: bigint): bigint {
  if (estimate > MAX_ACTION_GAS) throw tooMuchGas('action', MAX_ACTION_GAS, estimate)
  return gasLimitOf(estimate, MAX_ACTION_GAS)
}
