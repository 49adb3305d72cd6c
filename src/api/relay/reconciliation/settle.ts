import { type Address, formatTransactionReceipt, type Hash, type Hex, numberToHex, type TransactionReceipt } from 'viem'
import { answer } from '../chain/client.ts'
import { feeOf } from '../chain/fees.ts'
import { claimsOf, nameOf, type StoredClaim } from '../store/claims.ts'
import { minedOf, recordDropped, recordFinal, recordTaken, recordUntaken, secondsUsed } from '../store/settlements.ts'
import type { Unmined } from '../store/transactions.ts'
import { claimLogsOf, conclude, type Decision } from './decision.ts'
import type { KeeperContext } from './keepSigner.ts'

/** How long a used nonce may go without a receipt of ours: until then the node may just be behind. Seconds. */
const RECEIPT_PATIENCE = 10

/**
 * Stores what became of a transaction whose nonce is used: any of its attempts may have been mined.
 * @returns whether that is known.
 */
export async function settle(context: KeeperContext, signer: Address, { id, nonce, attempts }: Unmined) {
  const { pool, market, claimsOfTx, recordMined, events, logger } = context
  const receipts = await Promise.all(attempts.map(({ hash }) => receiptOf(market.client, hash)))
  const position = receipts.findIndex((receipt) => receipt !== undefined)
  const [receipt, attempt] = [receipts[position], attempts[position]]
  if (!receipt || !attempt) {
    if ((await secondsUsed(pool, id)) < RECEIPT_PATIENCE) return false
    await recordTaken(pool, id)
    logger.error({ nonce, hashes: attempts.map(({ hash }) => hash) }, 'another transaction has used the nonce')
    return true
  }
  const claims = await claimsOfTx(id)
  const [logs, isAlone] = [claimLogsOf(receipt), claims.length === 1 && !attempt.filler]
  const decisions = await Promise.all(
    claims.map(async (claim): Promise<[StoredClaim, Decision]> => {
      return [claim, await conclude(market, claim.request, receipt, logs, isAlone)]
    }),
  )
  const fee = feeOf(receipt)
  await recordMined({ tx: id, receipt, fee, decisions })
  events.emit('attemptMined', {
    ...{ signer, nonce, txHash: receipt.transactionHash, filler: attempt.filler },
    ...{ claims: attempt.filler ? 0 : claims.length, gasUsed: receipt.gasUsed, fee },
  })
  for (const [claim, decision] of decisions) tellDecided(context, claim, decision)
  return true
}

/** Also of claims whose client no longer waits. */
export function tellDecided({ events }: KeeperContext, claim: StoredClaim, decision: Decision) {
  if ('undecided' in decision) return
  const { txHash } = ('won' in decision ? decision.won : decision.at) ?? {}
  const outcome = 'won' in decision ? ('won' as const) : decision.refused.code
  events.emit('claimDecided', { ...nameOf(claim), ...(txHash && { txHash }), outcome })
}

/**
 * Opens again what a reorg took out of its block. Blocks name their parents: as long as the newest block with a
 * transaction of ours is the chain's, so are those before it.
 */
export async function dropReorganised({ pool, market, events, logger }: KeeperContext, signer: Address, used: number) {
  await recordUntaken(pool, signer, used)
  const [newest] = await minedOf(pool, signer, 1)
  if (!newest) return
  if (await isInChain(market.client, newest)) return
  const mined = await minedOf(pool, signer, null)
  await Promise.all(
    mined.map(async ({ id, hash, blockHash }) => {
      const receipt = await receiptOf(market.client, hash)
      if (receipt?.blockHash === blockHash) return
      await recordDropped(pool, id)
      for (const claim of await claimsOf(pool, id)) events.emit('claimReopened', nameOf(claim))
      logger.warn({ txHash: hash, blockHash }, 'a reorg took a transaction out of its block')
    }),
  )
}

/** What the node calls final cannot be reorganised: nobody looks at it again. */
export async function finalise({ pool, finalBlock, events }: KeeperContext, signer: Address) {
  const [newest] = await minedOf(pool, signer, 1)
  if (!newest) return
  const finalized = await finalBlock()
  if (finalized === undefined) return
  for (const { txHash, state, problem, ...claim } of await claimsOf(
    pool,
    ...(await recordFinal(pool, signer, finalized)),
  )) {
    if (state === 'open') continue
    const outcome = problem?.code ?? 'won'
    events.emit('claimFinal', { ...nameOf(claim), ...(txHash && { txHash }), outcome })
  }
}

type Client = KeeperContext['market']['client']

async function receiptOf(client: Client, hash: Hash): Promise<TransactionReceipt | undefined> {
  const receipt = await answer(client.request({ method: 'eth_getTransactionReceipt', params: [hash] }))
  return receipt ? formatTransactionReceipt(receipt) : undefined
}

async function isInChain(client: Client, { blockNumber, blockHash }: { blockNumber: bigint; blockHash: Hash }) {
  const params: [Hex, false] = [numberToHex(blockNumber), false]
  const block = await answer(client.request({ method: 'eth_getBlockByNumber', params }))
  return block?.hash === blockHash
}
