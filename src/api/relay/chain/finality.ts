import type { Logger } from 'pino'
import { Problem } from '../../http/errors.ts'
import { answer } from './client.ts'
import type { Market } from './market.ts'

/** For how long the node's word is used. Finality is minutes behind; nobody misses a second of it. Milliseconds. */
const LIFETIME = 1_000

/** The newest block that the node calls final; undefined where it does not say. */
export type FinalBlock = () => Promise<bigint | undefined>

export function createFinalBlock({ client }: Market, logger: Logger): FinalBlock {
  let asked: Promise<bigint | undefined> | undefined

  async function ask(): Promise<bigint | undefined> {
    try {
      return (await answer(client.getBlock({ blockTag: 'finalized' }))).number
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      logger.warn({ err: error }, 'the node does not say which block is final')
      return undefined
    }
  }

  return () => {
    asked ??= ask().finally(() => {
      setTimeout(() => {
        asked = undefined
      }, LIFETIME).unref()
    })
    return asked
  }
}
