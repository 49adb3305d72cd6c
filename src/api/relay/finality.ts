import type { Logger } from 'pino'
import { Problem } from '../errors.ts'
import type { Market } from './market.ts'
import { answer } from './rpc.ts'

/** The newest block that the node calls final; undefined where it does not say. */
export async function finalBlock({ client }: Market, logger: Logger): Promise<bigint | undefined> {
  try {
    return (await answer(client.getBlock({ blockTag: 'finalized' }))).number
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    logger.warn({ err: error }, 'the node does not say which block is final')
    return undefined
  }
}
