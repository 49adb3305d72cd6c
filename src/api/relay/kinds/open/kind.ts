import { type Address, isAddressEqual, parseEventLogs } from 'viem'
import { bountyMarketAbi } from '../../../../../abis/BountyMarket.ts'
import {
  collectCall,
  type OpenCall,
  type OpenRunCallName,
  openCallData,
  openCallId,
  openRunCall,
  openRunCallNames,
  openRunCalls,
} from '../../../../../core/market/openCalls.ts'
import { explainOpenError } from '../../../../../core/market/openErrors.ts'
import { reuseResult } from '../../../../../core/reuseResult.ts'
import { answer } from '../../chain/client.ts'
import type { Heads } from '../../chain/heads.ts'
import type { Intake } from '../../chain/intake.ts'
import type { Market } from '../../chain/market.ts'
import { Refusal, type RefusalCode, refusalOfReward } from '../../refusal.ts'
import type { Kind } from '../kind.ts'
import { isBlamelessRevert, refusalOf, unexplained } from '../refusal.ts'

/** The most gas of a call that anyone may ask for, with every slot cold. */
const MAX_OPEN_GAS = 180_000n

const MADE_ALREADY = new Set<RefusalCode>(['WRONG_STATE', 'NOTHING_OWED'])

/**
 * The calls that anyone may ask for. What is known of a call is checked, and the simulation does the rest.
 * @param leastReward the smallest reward of a run whose calls are made, in USDC base units.
 */
export const openCallKind = (
  market: Market,
  { known, roundOf }: ReturnType<typeof createKnownCalls>,
  leastReward: bigint,
): Kind<OpenCall> => ({
  async examine({ message: call }, _, { since }) {
    const found = await known(call, since)
    if (call.action !== 'collect') {
      if (!found) throw refusalOf({ errorName: 'BountyNotFound', args: [call.bountyId] })
      const small = refusalOfReward('action', call.bountyId, found.reward ?? 0n, leastReward)
      if (small) throw small
    }
    if (found?.refusal) throw found.refusal
    // There is no signature that a contract would check.
    return { agentId: undefined, runsWalletCode: false }
  },
  isSigned: async () => true,

  names: [...openRunCallNames, 'collect'],
  bodyOf: (call) => (call.action === 'collect' ? { payee: call.payee } : { bountyId: call.bountyId }),
  messageOf: ({ kind, body: { payee, bountyId = '' } }) =>
    kind === 'collect' ? collectCall(payee as Address) : openRunCall(kind as OpenRunCallName, BigInt(bountyId)),
  slotOf: (call) => `${call.action === 'collect' ? `payments of ${call.payee}` : `run ${call.bountyId}`} by anyone`,
  madeAlready: MADE_ALREADY,
  isForAnyone: true,
  placesOf: () => 'open',

  idOf: async (call) => openCallId(market, call, call.action === 'collect' ? 0n : await roundOf(call)),
  call: (from, call) => ({ from, to: market.address, data: openCallData(call) }),
  mostGas: MAX_OPEN_GAS,
  mostGasOf: () => MAX_OPEN_GAS,

  refusalOfFailure({ data }) {
    const explained = data && explainOpenError(data)
    if (!explained) return unexplained('action', { revertData: data ?? null })
    return new Refusal(explained.code, explained.sentence, { extensions: explained.extensions })
  },
  invalidSignature({ action }) {
    throw new Error(`The call ${action} has no signature`)
  },
  isBlameless: isBlamelessRevert,

  proofIn(call, logs) {
    const events = parseEventLogs({ abi: bountyMarketAbi, logs: [...logs] })
    const isProven = events.some(({ eventName, args }) =>
      call.action === 'collect'
        ? eventName === 'PaymentCollected' && isAddressEqual(args.payee, call.payee)
        : eventName === openRunCalls[call.action].event && 'bountyId' in args && args.bountyId === call.bountyId,
    )
    return isProven ? { result: null } : undefined
  },

  // What another sender has made needs no answer that names it: the state of the run does.
  findMade: async () => undefined,

  locksOf: () => [],

  /**
   * An expiry costs a party nothing, and undoes a post: it counts as one. Each of the others costs a party a fee or a stake.
   */
  subjectsOf: ({ action }) => ({ shared: [action === 'expire' ? 'posts' : 'anyone'], covers: [] }),
})

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
