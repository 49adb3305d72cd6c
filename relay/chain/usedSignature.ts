import type { Hex, Log, PublicClient } from 'viem'
import { answer } from './client.ts'
import type { ChainHead } from './heads.ts'

/** How far back a transaction with a signature is looked for: 16 minutes on a chain with five blocks a second. */
const LOOK_BACK_BLOCKS = 5_000n

/** The first block of those that are looked through. */
export const lookBackFrom = ({ number }: ChainHead): bigint =>
  number > LOOK_BACK_BLOCKS ? number - LOOK_BACK_BLOCKS : 0n

/** The newest of the logs whose transaction contains the signature; undefined if none does. */
export async function logWithSignature<L extends Log<bigint, number, false>>(
  client: PublicClient,
  logs: readonly L[],
  signature: Hex,
): Promise<L | undefined> {
  for (const log of logs.toReversed()) {
    const { input } = await answer(client.getTransaction({ hash: log.transactionHash }))
    if (input.toLowerCase().includes(signature.slice(2).toLowerCase())) return log
  }
  return undefined
}
