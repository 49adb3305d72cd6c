import type { Address, Hex } from 'viem'
import { MAX_BATCH } from '../../../../core/settings/relay.ts'
import type { ChainHead } from '../chain/heads.ts'
import { type Conditions, tryNowAndNext, verdictOf } from '../chain/simulation.ts'
import type { RunStep } from '../events.ts'
import { simulateClaim, simulateTogether as simulateClaims } from '../kinds/claims/simulate.ts'
import type { Passed, Simulated } from '../kinds/kind.ts'
import { type ActionRequest, gasLimit, isClaim, type Message, nounOf } from '../kinds/request.ts'
import { tooMuchGas } from '../refusal.ts'
import type { PipelineContext } from './context.ts'

/** An action with its id, which a claim has once its round is known. */
export type Asked = { request: ActionRequest; actionId?: Hex | undefined }

/** Creates a function that simulates actions one by one. */
export function createSimulate({ market, kinds, fees, nextBlock }: PipelineContext) {
  /** What the transaction of an action in the next block will be. */
  async function conditionsOf(message: Message): Promise<Conditions> {
    const gas = kinds.of(message).mostGasOf(message)
    const [price, block] = await Promise.all([fees(), nextBlock()])
    return { gas, tooMuchGas: () => tooMuchGas(nounOf(message), gas), fees: price, block }
  }

  /**
   * @param from the signer that would send it. @param head the latest block.
   * @throws Refusal ACTION_REVERTED, or CLAIM_REVERTED, if it takes more gas than the relay pays for; RELAY_UNAVAILABLE.
   */
  return async function simulate(
    from: Address,
    { request, actionId }: Asked,
    head: ChainHead,
    runsWalletCode = false,
  ): Promise<Simulated> {
    const { message } = request
    const kind = kinds.of(message)
    const conditions = runsWalletCode ? await conditionsOf(message) : undefined
    if (isClaim(request)) return simulateClaim(market, from, request, head, conditions)
    const verdict = verdictOf(await tryNowAndNext(market, kinds.callOf(from, request), conditions))
    if (verdict.result === 'passes') {
      if (actionId === undefined) throw new Error(`The action ${message.action} has no id`)
      const gas = gasLimit(message, verdict.gas, kind.mostGasOf(message))
      return { result: 'passes', action: { actionId, request }, gas }
    }
    const { result, failure } = verdict
    const refusal = failure && (await kind.refusalOfFailure(failure, message, head.number))
    if (result === 'undecided' || !refusal) return { result: 'undecided', refusal }
    return { result, refusal, looksAgain: false }
  }
}

/** Creates a function that simulates claims of different runs that share transactions: each transaction's in one call. */
export function createSimulateTogether({ market }: PipelineContext, runStep: RunStep) {
  /**
   * @param from the signer that would send them.
   * @returns those that pass together. The others may pass alone, as may a single one.
   */
  return async function simulateTogether(
    from: Address,
    head: ChainHead,
    asked: readonly Asked[],
  ): Promise<Map<ActionRequest, Passed>> {
    const claims = asked.map(({ request }) => request).filter(isClaim)
    const batches = Array.from({ length: Math.ceil(claims.length / MAX_BATCH) }, (_, place) =>
      claims.slice(place * MAX_BATCH, (place + 1) * MAX_BATCH),
    )
    const passed = batches
      .filter(({ length }) => length > 1)
      .map((batch) => runStep('simulate', batch, () => simulateClaims(market, from, batch, head)))
    return new Map<ActionRequest, Passed>((await Promise.all(passed)).flat())
  }
}
