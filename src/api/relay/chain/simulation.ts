import { type Conditions, tryCallUnder, tryNextUnder } from './conditions.ts'
import { type Failure, type Market, type MarketCall, type Trial, tryCall, tryNext } from './market.ts'

/** A call on the latest block, and in the pending block with the gas that it uses there. */
type Trials = { now: Trial; next: Trial<bigint> }

/**
 * - `passes`: the call passes in the pending block, and uses `gas` there.
 * - `fails`: it fails whether or not the pending transactions are mined.
 * - `undecided`: a pending transaction or the clock decides it. `failure` is the answer if no block comes in time.
 */
export type Verdict =
  | { result: 'passes'; gas: bigint }
  | { result: 'fails'; failure: Failure }
  | { result: 'undecided'; failure: Failure | undefined }

/**
 * Simulates a call on the latest block and in the pending block. The latest block alone would pass calls that lose
 * against a pending transaction. The pending block alone would refuse calls because of a transaction that is never
 * mined.
 * @param conditions of a call that runs code of a wallet. The market alone reads no other field than the time.
 */
export async function tryNowAndNext(market: Market, call: MarketCall, conditions?: Conditions): Promise<Trials> {
  const [now, next] = await Promise.all([
    conditions ? tryCallUnder(market, call, conditions) : tryCall(market, call, 'latest'),
    conditions ? tryNextUnder(market, call, conditions) : tryNext(market, call),
  ])
  return { now, next }
}

export function verdictOf({ now, next }: Trials): Verdict {
  if ('passed' in next) {
    if ('passed' in now || isCuredByTime(now.failure)) return { result: 'passes', gas: next.passed }
    return { result: 'undecided', failure: now.failure }
  }
  if ('passed' in now) {
    return { result: 'undecided', failure: isDoomedByTime(next.failure) ? next.failure : undefined }
  }
  const timeDecides = isCuredByTime(now.failure) || isDoomedByTime(next.failure)
  return { result: 'fails', failure: timeDecides ? next.failure : now.failure }
}

/**
 * The latest block’s timestamp is too early for this signature. On an idle chain only a new transaction changes that.
 */
const isCuredByTime = ({ error }: Failure) => error?.errorName === 'SignatureTooLong'

const isDoomedByTime = ({ error }: Failure) =>
  error?.errorName === 'BountyDeadlinePassed' || error?.errorName === 'SignatureExpired'

/**
 * The gas limit of a call: a fifth more than its simulation used, and the gas of two cold slots, because it may use more
 * in its block than in the simulation. It bounds what code of a wallet uses that behaves differently there.
 * @param estimate the gas that the simulation used.
 * @param most what the relay pays for.
 */
export function gasLimitOf(estimate: bigint, most: bigint): bigint {
  const limit = (estimate * 6n) / 5n + 5_000n
  return limit < most ? limit : most
}
