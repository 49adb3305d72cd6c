import { type Address, isAddressEqual, type Log, parseEventLogs } from 'viem'
import { bountyMarketAbi } from '../../../../../abis/BountyMarket.ts'
import type { Heads } from '../../chain/heads.ts'
import { type Failure, failureOf, type Market, readBounty } from '../../chain/market.ts'
import type { Refusal, RefusalCode } from '../../refusal.ts'
import type { Examination, Kind } from '../kind.ts'
import { CLAIM, type ClaimMessage, UNSIGNED } from '../request.ts'
import { MAX_GAS, MOST_RESERVED_GAS } from './gas.ts'
import { claimCall, claimMessageOf, isHeldByClaimant, slotOfClaim } from './message.ts'
import { invalidClaimSignature } from './refusal.ts'
import { refusalOfClaim } from './simulate.ts'

/**
 * Another claim came first, which may be lost by now, the relay was too slow, or the poster has named another claimant. If it
 * counted, a rival that wins three runs from an agent, or a poster that names another claimant three times, could pause it for a
 * day. An expired signature counts, because the relay requires more validity than a block takes.
 */
const BLAMELESS = new Set<RefusalCode>(['RUN_NOT_OPEN', 'RUN_DEADLINE_PASSED', 'NOT_CLAIMANT'])

/** The codes of a claim whose run may be its agent's. A signer that is no relayer is refused before the run is looked at. */
const MADE_ALREADY = new Set<RefusalCode>(['RUN_NOT_OPEN', 'SIGNATURE_REQUIRED'])

/** Whether a revert of a claim is not the agent's fault. */
export const isBlamelessClaim = ({ round = 0n }: Pick<ClaimMessage, 'round'>, { code, extensions }: Refusal) =>
  BLAMELESS.has(code) || (code === 'INVALID_SIGNATURE' && Number(extensions.round) > round)

const ofClaim =
  ({ bountyId, agentId, party }: ClaimMessage) =>
  ({ args }: { args: { bountyId: bigint; agentId: bigint; wallet: Address } }) =>
    args.bountyId === bountyId && args.agentId === agentId && isAddressEqual(args.wallet, party)

/** Why the market has refused a claim of a batch, by the logs of its transaction. */
export function failureInBatch(message: ClaimMessage, logs: readonly Log[]): Failure | undefined {
  const refused = parseEventLogs({ abi: bountyMarketAbi, eventName: 'ClaimRefused', logs: [...logs] })
  const own = refused.find(ofClaim(message))
  return own && failureOf(own.args.reason)
}

/** Claims. */
export function claimKind(market: Market, heads: Heads, examination: Examination<ClaimMessage>): Kind<ClaimMessage> {
  const wonIn = (bountyId: bigint, round: bigint) => ({ result: null, round, slot: slotOfClaim(bountyId, round) })

  return {
    ...examination,
    names: [CLAIM],
    bodyOf: () => ({}),
    messageOf: claimMessageOf,
    slotOf: ({ bountyId, round }) => slotOfClaim(bountyId, round),
    takes: ({ agentId }, lock) => ({ agentId, amount: lock?.amount ?? 0n }),
    madeAlready: MADE_ALREADY,
    isForAnyone: false,
    placesOf: () => 'work',

    call: (from, message, signature) => claimCall(market, from, message, signature),
    mostGas: MOST_RESERVED_GAS,
    mostGasOf: () => MAX_GAS,

    async refusalOfFailure(failure, message, block) {
      const [bounty, { timestamp }] = await Promise.all([readBounty(market, message.bountyId, block), heads.latest()])
      return refusalOfClaim(market, failure, message, bounty, timestamp)
    },
    invalidSignature: invalidClaimSignature,
    isBlameless: isBlamelessClaim,

    proofIn(message, logs: readonly Log[]) {
      const claimed = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyClaimed', logs: [...logs] })
      const own = claimed.find(ofClaim(message))
      return own && wonIn(message.bountyId, own.args.round)
    },

    /** A signed claim is of one round, and its signature was checked before it was stored. */
    async findMade({ message, signature }, _, blockNumber) {
      const bounty = await readBounty(market, message.bountyId, blockNumber)
      const round = BigInt(bounty.round)
      const isOwn = isHeldByClaimant(message, bounty) && (signature === UNSIGNED || round === message.round)
      return isOwn ? { blockNumber, ...wonIn(message.bountyId, round) } : undefined
    },

    locksOf: ({ agentId }) => [`agent ${agentId}`],

    /** Those of a claim that fees do not cover, and that of another. */
    subjectsOf: ({ party, agentId }, { poster, fees }) => ({
      shared: [`wallet ${party}`, `agent ${agentId}`, `poster ${poster}`, 'newcomers'],
      covers: [{ name: `fees ${agentId}`, fees }],
    }),

    needOf: ({ agentId }, { lock }) => lock && { of: 'stake', agentId, ...lock },
  }
}
