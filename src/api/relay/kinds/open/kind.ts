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
import type { Market } from '../../chain/market.ts'
import { Refusal, type RefusalCode, refusalOfReward } from '../../refusal.ts'
import type { Kind } from '../kind.ts'
import { isBlamelessRevert, refusalOf, unexplained } from '../refusal.ts'
import type { KnownCalls } from './known.ts'

/** The most gas of a call that anyone may ask for, with every slot cold. */
const MAX_OPEN_GAS = 180_000n

const MADE_ALREADY = new Set<RefusalCode>(['WRONG_STATE', 'NOTHING_OWED'])

/**
 * The calls that anyone may ask for. What is known of a call is checked, and the simulation does the rest.
 * @param leastReward the smallest reward of a run whose calls are made, in USDC base units.
 */
export const openCallKind = (market: Market, { known, roundOf }: KnownCalls, leastReward: bigint): Kind<OpenCall> => ({
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
  isRepeatable: true,
  hasParty: false,
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
