import { inArray } from 'drizzle-orm'
import type { Address } from 'viem'
import { payee } from '../../../ponder.schema.ts'
import type { Tx } from '../index/reader.ts'

/**
 * Reads what the market owes to these accounts because USDC had refused their payments, in their order, in base units. The
 * fees that it owes to the treasury are not among it.
 */
export async function owedTo(tx: Tx, accounts: readonly Address[]): Promise<bigint[]> {
  const addresses = accounts.map((account) => account.toLowerCase() as Address)
  const rows = await tx.select().from(payee).where(inArray(payee.address, addresses))
  const owed = new Map(rows.map((row) => [row.address, row.owed]))
  return addresses.map((address) => owed.get(address) ?? 0n)
}
