import type { Logger } from 'pino'
import { createChainClient } from './chainClient.ts'

/** How long a process that starts waits for the node to say its newest block, three times at most. Milliseconds. */
const TIMEOUT = 1_000

/**
 * The chain's newest block as a process starts: no process before it can have answered from a later one.
 * @returns 0 if the node does not say it: reads do not depend on a node.
 */
export async function newestBlock(rpcUrl: string, logger: Logger): Promise<bigint> {
  const client = createChainClient(rpcUrl, { http: { retryCount: 2, retryDelay: 100, timeout: TIMEOUT } })
  try {
    return await client.getBlockNumber()
  } catch (err) {
    logger.warn(
      { err },
      'The node does not say its newest block: answers may be of an earlier one than was shown before',
    )
    return 0n
  }
}
