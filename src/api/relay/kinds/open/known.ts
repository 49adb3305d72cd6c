import { isAddressEqual } from 'viem'
import { bountyMarketAbi } from '../../../../../abis/BountyMarket.ts'
import type { OpenCall } from '../../../../../core/market/openCalls.ts'
import { reuseResult } from '../../../../../core/reuseResult.ts'
import { answer } from '../../chain/client.ts'
import type { Heads } from '../../chain/heads.ts'
import type { Intake } from '../../chain/intake.ts'
import type { Refusal } from '../../refusal.ts'

/**
 * What is known of a call that anyone may ask for.
 * - `round`: of its run; 0 without one.
 * - `reward`: of its run, in USDC base units.
 * - `refusal`: why the market refuses the call.
 */
type KnownCall = { round: bigint; reward?: bigint; refusal: Refusal | undefined }

/**
 * Looks the call up in the index.
 * @param block which the index must have: it waits for it.
 * @returns undefined if there is no such run.
 * @throws Refusal RELAY_UNAVAILABLE if the index cannot be read.
 */
export type IndexedCalls = (call: OpenCall, block?: bigint) => Promise<KnownCall | undefined>

/**
 * Creates a function that says what is known of a call, undefined if there is no such run. What it refuses asks no node,
 * beside heads, which all requests share: these requests cost their clients nothing.
 */
export function createKnownCalls({ market }: Pick<Intake, 'market'>, heads: Heads, indexed: IndexedCalls) {
  const { client, address } = market
  const treasury = reuseResult(Number.POSITIVE_INFINITY, () =>
    answer(client.readContract({ abi: bountyMarketAbi, address, functionName: 'TREASURY' })),
  )

  async function look(call: OpenCall, block?: bigint): Promise<KnownCall | undefined> {
    const known = await indexed(call, block)
    if (!known?.refusal || call.action !== 'collect') return known
    // The chain alone knows which fees it owes to the treasury.
    return isAddressEqual(call.payee, await treasury()) ? { ...known, refusal: undefined } : known
  }

  /** @param since by `performance.now()`. What is refused then is refused at a head that was read at this time or later. */
  async function known(call: OpenCall, since: number): Promise<KnownCall | undefined> {
    const first = await look(call)
    if (first && !first.refusal) return first
    return look(call, (await heads.since(since)).number)
  }

  /** The round of the call's run; 0 without one. */
  async function roundOf(call: OpenCall): Promise<bigint> {
    const found = (await look(call)) ?? (await known(call, performance.now()))
    return found?.round ?? 0n
  }

  return { known, roundOf }
}

export type KnownCalls = ReturnType<typeof createKnownCalls>
