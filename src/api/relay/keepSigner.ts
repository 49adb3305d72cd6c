import type pg from 'pg'
import type { Logger } from 'pino'
import type { Address, Hash, LocalAccount, PublicClient } from 'viem'
import { Problem } from '../errors.ts'
import type { Allocator } from './allocation.ts'
import { nameOf, type StoredClaim, strandedClaimsOf } from './claimStore.ts'
import { decide } from './decision.ts'
import type { RelayEmitter } from './events.ts'
import type { Fees } from './fees.ts'
import { gasLimit } from './gas.ts'
import type { ChainHead, Heads } from './heads.ts'
import { judge } from './judge.ts'
import { claimCall, type Market } from './market.ts'
import { fillGap, resendDue } from './resend.ts'
import { answer } from './rpc.ts'
import { dropReorganised, finalise, settle, tellDecided } from './settle.ts'
import { hasWork, recordDecisions, unminedOf } from './txStore.ts'

export type KeeperContext = {
  pool: pg.Pool
  market: Market
  /** For the broadcasts. */
  sender: PublicClient
  heads: Heads
  fees: () => Promise<Fees>
  allocator: Allocator
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

  async function keep(account: LocalAccount): Promise<boolean> {
    const { address } = account
    if (!(await hasWork(pool, address))) return false
    // Before what is stored: a transaction that this block has mined is in the database then.
    const head = await heads.latest()
    const known = settled.get(address)
    const used = known?.head === head.hash ? known.used : await settleAll(account, head)
    const unmined = (await unminedOf(pool, address)).filter(({ nonce }) => nonce >= used)
    await resendDue(context, account, unmined, head)
    const [lowest] = unmined
    if (lowest && lowest.nonce > used) await fillGap(context, account, used, head)
    return unmined.length > 0 || !settled.has(address)
  }

  async function settleAll(account: LocalAccount, head: ChainHead): Promise<number> {
    const { address } = account
    settled.delete(address)
    const used = await answer(market.client.getTransactionCount({ address, blockTag: 'latest' }))
    await dropReorganised(context, address, used)
    const mined = (await unminedOf(pool, address)).filter(({ nonce }) => nonce < used)
    const isSettled = await Promise.all(mined.map((tx) => orLater(settle(context, address, tx))))
    const stranded = await strandedClaimsOf(pool, address)
    const isRenewed = await Promise.all(stranded.map((claim) => orLater(renew(account, claim))))
    await finalise(context, address)
    if ([...isSettled, ...isRenewed].every(Boolean)) settled.set(address, { head: head.hash, used })
    return used
  }

  /** What cannot be settled now must not hold up the signer's other transactions. */
  const orLater = (settling: Promise<boolean>) =>
    settling.catch((error) => {
      const isPassing = error instanceof Problem && error.code === 'RELAY_UNAVAILABLE'
      logger[isPassing ? 'warn' : 'error']({ err: error }, 'cannot settle what was mined')
      return false
    })

  /** Judges a claim again that its transaction did not decide. @returns whether it is decided, or has a new one. */
  async function renew(account: LocalAccount, claim: StoredClaim): Promise<boolean> {
    const { request } = claim
    const verdict = await judge(market, claimCall(market, account.address, request), request)
    if (verdict.verdict === 'wait') return false
    if (verdict.verdict === 'refuse') {
      const decision = await decide(market, request, verdict)
      await recordDecisions(pool, [[claim, decision]])
      tellDecided(context, claim, decision)
      return true
    }
    const renewed = await allocator.renew(account, claim, gasLimit(request, verdict.gas))
    if (!renewed) return true
    if (typeof renewed === 'string') return false
    const { nonce, attempt } = renewed
    events.emit('claimReserved', { ...nameOf(claim), signer: account.address, nonce, txHash: attempt.hash })
    logger.warn({ claimId: claim.claimId, txHash: attempt.hash }, 'makes the claim anew')
    return true
  }

  return keep
}
