import type { Address } from 'viem'
import { sendTransaction } from 'viem/actions'
import type { MarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { accountOf } from '../devnet/accounts.ts'

type Client = MarketOnAnvil['client']

/** As many as a busy block of Base. */
export const LOGS_IN_BLOCK = 300

const EMITTER: Address = '0x00000000000000000000000000000000000e3147'

/**
 * Code that writes 300 logs, each with two topics that no other log has. Its counter is on the stack:
 * PUSH2 300, JUMPDEST, the counter and the block's number into memory, KECCAK256, its complement, LOG2, counter - 1, JUMPI.
 */
const CODE = '0x61012c5b805f524360205260405f20801960205fa2600190038060035700' as const

const GAS = 2_000_000n

export const putForeignLogs = (client: Client): Promise<void> => client.setCode({ address: EMITTER, bytecode: CODE })

/** Sends a transaction that writes the logs. Unlike the client's own method, it does not wait for its block. */
export const writeForeignLogs = (client: Client) =>
  sendTransaction(client, { account: accountOf(3).address, to: EMITTER, gas: GAS, chain: null })
