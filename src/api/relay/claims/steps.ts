import type { Hash } from 'viem'
import type { ClaimRequest } from './chain/market.ts'

/** What claims wait for, one step after the other. Some are repeated. */
export type ClaimStep =
  | 'look up'
  | 'examine'
  | 'wait for another claim'
  | 'wait in the queue'
  | 'simulate'
  | 'sign and store'
  | 'broadcast'
  | 'wait for the result'

/** A step of these claims that has begun. `ended` settles with it. `txHash`: the transaction that it is about. */
export type BegunStep = {
  step: ClaimStep
  requests: readonly ClaimRequest[]
  ended: Promise<unknown>
  txHash?: Hash | undefined
}

export type RunStep = ReturnType<typeof createRunStep>

/** Creates a function that runs a step of claims, and emits that it has begun. */
export const createRunStep =
  (events: { emit: (name: 'claimStep', begun: BegunStep) => unknown }) =>
  <T>(step: ClaimStep, requests: readonly ClaimRequest[], run: () => Promise<T>, txHash?: Hash): Promise<T> => {
    const ended = run()
    events.emit('claimStep', { step, requests, ended, txHash })
    return ended
  }
