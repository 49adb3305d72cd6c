import { inArray } from 'drizzle-orm'
import type { Address } from 'viem'
import { nothingOwed, type OpenRefusal, openRunError } from '../../core/market/openErrors.ts'
import { payee } from '../../ponder.schema.ts'
import { refusalOfRead } from './http/refusals.ts'
import type { IndexReader } from './index/reader.ts'
import { createBatchedRead } from './queries/batchedReads.ts'
import { runsById } from './queries/runs.ts'
import type { IndexedCalls } from './relay/kinds/open/known.ts'
import { Refusal } from './relay/refusal.ts'

const refusalOf = (refused: OpenRefusal | undefined) =>
  refused && new Refusal(refused.code, refused.sentence, { extensions: refused.extensions })

/** What the index shows of calls that anyone may ask for, for the relay. Concurrent calls share a transaction. */
export function indexedCalls(index: IndexReader): IndexedCalls {
  const readRun = createBatchedRead(index, async (tx, _, bountyIds: readonly bigint[]) => {
    const runs = await runsById(tx, bountyIds)
    return bountyIds.map((id) => runs.get(id))
  })
  /** In USDC base units. The fees that the market owes to the treasury are not among it. */
  const readOwed = createBatchedRead(index, async (tx, _, payees: readonly Address[]) => {
    const addresses = payees.map((account) => account.toLowerCase() as Address)
    const rows = await tx.select().from(payee).where(inArray(payee.address, addresses))
    const owed = new Map(rows.map((row) => [row.address, row.owed]))
    return addresses.map((address) => owed.get(address) ?? 0n)
  })

  return async (call, block) => {
    try {
      await index.reach(block)
      if (call.action === 'collect') {
        const { data: owed } = await readOwed(call.payee)
        return { round: 0n, refusal: owed > 0n ? undefined : refusalOf(nothingOwed(call.payee)) }
      }
      const { snapshot, data: run } = await readRun(call.bountyId)
      if (!run) return undefined
      const refusal = refusalOf(openRunError(call.action, run, snapshot.now))
      return { round: BigInt(run.round), reward: run.reward, refusal }
    } catch (error) {
      throw refusalOfRead(error)
    }
  }
}
