import type pg from 'pg'
import type { Logger } from 'pino'
import type { Address, Hash, PublicClient } from 'viem'
import { Problem } from '../../errors.ts'
import { answer } from '../chain/client.ts'
import type { Fees } from '../chain/fees.ts'
import type { FinalBlock } from '../chain/finality.ts'
import { gasLimit } from '../chain/gas.ts'
import type { ChainHead, Heads } from '../chain/heads.ts'
import { type Bounty, type ClaimRequest, checkCall, claimCall, type Market } from '../chain/market.ts'
import type { RelayEmitter } from '../events.ts'
import { signatureRequired } from '../intake/refusal.ts'
import { simulate } from '../simulation/simulate.ts'
import { nameOf, type StoredClaim, strandedClaimsOf } from '../store/claims.ts'
import { type Mined, recordDecisions } from '../store/settlements.ts'
import { hasWork, unminedOf } from '../store/transactions.ts'
import type { Allocator } from '../submission/allocation.ts'
import type { Signer } from '../submission/signing.ts'
import { type Decision, decide } from './decision.ts'
import type { Kept } from './keeper.ts'
import { fillGap, resendDue } from './resend.ts'
import { dropReorganised, finalise, settle, tellDecided } from './settle.ts'

export type KeeperContext = {
  pool: pg.Pool
  market: Market
  /** For the broadcasts. */
  sender: PublicClient
  heads: Heads
  finalBlock: FinalBlock
  fees: () => Promise<Fees>
  allocator: Allocator
  /** Who can make the claim; nobody where it needs a signature that it lacks. */
  signersFor: (request: ClaimRequest) => Promise<Signer[]>
  /** The claims that a transaction makes; of transactions that are settled at once they are read at once. */
  claimsOfTx: (tx: bigint) => Promise<StoredClaim[]>
  /** Keeps what became of a transaction, at once with others that are settled now. */
  recordMined: (mined: Mined) => Promise<unknown>
  events: RelayEmitter
  logger: Logger
}

/**
 * Brings what is stored of a signer in step with the chain: settles what was mined, opens again what a reorg dropped,
 * fills gaps, and hands to the node what it has not got.
 * @returns a function that resolves to whether something is left that is not mined.
 */
export function createKeepSigner(context: KeeperContext) {
  const { pool, market, heads, allocator, events, logger } = context
  /** The head up to which everything is settled, and how many nonces were used there. */
  const settled = new Map<Address, { head: Hash; used: number }>()
  /** How many transactions removed signers had left when it was last told. */
  const draining = new Map<Address, number>()

  async function keep({ address, signer }: Kept): Promise<boolean> {
    if (!(await hasWork(pool, address))) return false
    // Before what is stored: a transaction that this block has mined is in the database then.
    const head = await heads.latest()
    const known = settled.get(address)
    const used = known?.head === head.hash ? known.used : await settleAll(address, head)
    const unmined = (await unminedOf(pool, address)).filter(({ nonce }) => nonce >= used)
    await resendDue(context, { address, signer }, unmined, head)
    const [lowest] = unmined
    if (signer && lowest && lowest.nonce > used) await fillGap(context, signer, used, head)
    if (!signer) tellDraining(address, unmined.length)
    return unmined.length > 0 || !settled.has(address)
  }

  async function settleAll(address: Address, head: ChainHead): Promise<number> {
    settled.delete(address)
    const used = await answer(market.client.getTransactionCount({ address, blockTag: 'latest' }))
    await dropReorganised(context, address, used)
    const mined = (await unminedOf(pool, address)).filter(({ nonce }) => nonce < used)
    const isSettled = await Promise.all(mined.map((tx) => orLater(settle(context, address, tx))))
    const stranded = await strandedClaimsOf(pool, address)
    const isRenewed = await Promise.all(stranded.map((claim) => orLater(renew(address, claim))))
    await finalise(context, address)
    if ([...isSettled, ...isRenewed].every(Boolean)) settled.set(address, { head: head.hash, used })
    return used
  }

  /** Its bytes are sent again, but at no other price; and a gap below them stays, until the key is back. */
  function tellDraining(address: Address, unmined: number) {
    if (draining.get(address) === unmined) return
    draining.set(address, unmined)
    logger.warn({ signer: address, unmined }, 'finishes what a signer left behind whose key is not here')
  }

  /** What cannot be settled now must not hold up the signer's other transactions. */
  const orLater = (settling: Promise<boolean>) =>
    settling.catch((error) => {
      const isPassing = error instanceof Problem && error.code === 'RELAY_UNAVAILABLE'
      logger[isPassing ? 'warn' : 'error']({ err: error }, 'cannot settle what was mined')
      return false
    })

  /**
   * Judges a claim again that its transaction did not decide, and whose bytes can do so no more: a mined or foreign
   * transaction has their nonce. Until then the claim belongs to its signer, even if nobody can sign for it any more:
   * who has seen the bytes can still have them mined, and another signer would make the claim twice.
   * @returns whether it is decided, or has a new transaction.
   */
  async function renew(address: Address, claim: StoredClaim): Promise<boolean> {
    const { request } = claim
    const able = await context.signersFor(request)
    const signer = able.find((one) => one.address === address) ?? able[0]
    const call = signer ? claimCall(market, signer.address, request) : checkCall(market, request)
    const simulation = await simulate(market, call, request)
    if (simulation.result === 'undecided') return false
    if (simulation.result === 'fails') return settleWith(claim, await decide(market, request, simulation))
    if (!signer) return settleWith(claim, await withoutSignature(claim, simulation.bounty))
    const renewed = await allocator.renew(signer, claim, gasLimit(simulation.gas))
    if (!renewed) return true
    if (typeof renewed === 'string') return false
    const { nonce, attempt } = renewed
    events.emit('claimReserved', { ...nameOf(claim), signer: signer.address, nonce, txHash: attempt.hash })
    logger.warn({ claimId: claim.claimId, txHash: attempt.hash }, 'makes the claim anew')
    return true
  }

  /** The only signers that could do without the wallet's word are gone. */
  async function withoutSignature({ request }: StoredClaim, bounty: Bounty): Promise<Decision> {
    const { timestamp } = await heads.latest()
    return { refused: signatureRequired(market, request, bounty, timestamp) }
  }

  async function settleWith(claim: StoredClaim, decision: Decision): Promise<true> {
    await recordDecisions(pool, [[claim, decision]])
    tellDecided(context, claim, decision)
    return true
  }

  return keep
}
