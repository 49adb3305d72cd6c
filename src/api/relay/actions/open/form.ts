import { type Address, isAddressEqual, parseEventLogs } from 'viem'
import { bountyMarketAbi } from '../../../../../abis/BountyMarket.ts'
import {
  collectCall,
  type OpenCall,
  type OpenCallName,
  type OpenRunCallName,
  openCallData,
  openCallId,
  openRunCall,
  openRunCalls,
} from '../../../../../core/market/openCalls.ts'
import { explainOpenError } from '../../../../../core/market/openErrors.ts'
import type { Market } from '../../chain/market.ts'
import { Refusal, type RefusalCode } from '../../refusal.ts'
import { actionTables } from '../../store/actionTables.ts'
import type { ActionForm } from '../form.ts'
import { actionPending, unexplained } from '../refusal.ts'
import type { KnownCalls } from './known.ts'

/** The most gas of a call that anyone may ask for, with every slot cold. */
const MAX_OPEN_GAS = 180_000n

const MADE_ALREADY = new Set<RefusalCode>(['WRONG_STATE', 'NOTHING_OWED'])

type Row = { name: OpenCallName; members: { bountyId: string; payee: Address } }

const aboutOf = (call: OpenCall) => (call.action === 'collect' ? `payee ${call.payee}` : `run ${call.bountyId}`)

const membersOf = (call: OpenCall) =>
  call.action === 'collect' ? { payee: call.payee } : { bountyId: String(call.bountyId) }

/** The calls that anyone may ask for. */
export const openCallForm = (market: Market, { roundOf }: KnownCalls): ActionForm<OpenCall> => ({
  kind: 'open call',
  table: actionTables['open call'],
  columns: { about: 'text', members: 'jsonb' },
  valuesOf: (call) => [aboutOf(call), JSON.stringify(membersOf(call))],
  messageOf: ({ name, members }: Row) =>
    name === 'collect' ? collectCall(members.payee) : openRunCall(name as OpenRunCallName, BigInt(members.bountyId)),
  madeAlready: MADE_ALREADY,
  isRepeatable: true,
  hasParty: false,
  placesOf: () => 'open',
  subject: { column: 'about', of: aboutOf },

  idOf: async (call) => openCallId(market, call, call.action === 'collect' ? 0n : await roundOf(call)),
  call: (from, call) => ({ from, to: market.address, data: openCallData(call) }),
  mostGas: MAX_OPEN_GAS,
  mostGasOf: () => MAX_OPEN_GAS,

  refusalOfFailure({ data }) {
    const explained = data && explainOpenError(data)
    if (!explained) return unexplained({ revertData: data ?? null })
    return new Refusal(explained.code, explained.sentence, { extensions: explained.extensions })
  },
  expired({ action }) {
    throw new Error(`The call ${action} has no signature that could expire`)
  },
  invalidSignature({ action }) {
    throw new Error(`The call ${action} has no signature`)
  },
  pending: (actionId, call) => actionPending(actionId, `${call.action} of ${aboutOf(call)}`),

  resultIn(call, logs) {
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

  locksOf: (call) => [aboutOf(call)],

  /**
   * An expiry costs a party nothing, and undoes a post: it counts as one. Each of the others costs a party a fee or a stake.
   */
  subjectsOf: ({ action }) => ({ shared: [action === 'expire' ? 'posts' : 'anyone'], covers: [] }),
  isShort: async () => false,
})
