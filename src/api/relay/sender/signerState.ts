import type { Address } from 'viem'
import { answer, within } from '../chain/client.ts'
import { unlessUnavailable } from '../refusal.ts'
import { query } from '../store/database.ts'
import type { SenderContext } from './context.ts'
import { signingFailureOf } from './keys/signing.ts'
import { type Backlog, backlogOf } from './store/transactions.ts'

/** The timeout of calls to the node. Probes wait a second at most. */
const NODE_TIMEOUT_MS = 500

/** The state of a signer, over all replicas. */
export type SignerState = Omit<Backlog, 'nextNonce'> & {
  signer: Address
  /** Whether this process lacks the signer's key: it then finishes signed transactions and signs no new ones. */
  isRemoved: boolean
  /** Why the signer is paused: the node's counts of its transactions are implausible. */
  objection: string | undefined
  /** Why its key signed nothing when this process last asked, at most a minute ago. */
  signingFailure: string | undefined
  /** Seconds since the oldest unmined transaction was signed; 0 if there is none. */
  oldestUnmined: number
  /** In wei; undefined if the node does not answer in time. */
  balance: bigint | undefined
  /** The most that it spends within 24 hours, in wei. */
  budget: bigint
  /**
   * The funds for one smallest call at twice the current prices, in wei, with a rollup's fee for L1; undefined if the node
   * does not answer in time.
   */
  callPrice: bigint | undefined
}

/**
 * The states of this process's signers, and of other signers with unmined transactions.
 * @throws Refusal RELAY_UNAVAILABLE if the database does not answer.
 */
export async function signerStates(context: SenderContext): Promise<SignerState[]> {
  const { pool, client, accounts, nonceCheck, dailyBudget: budget } = context
  const signers = accounts.map(({ address }) => address)
  const text = `
    SELECT address,
      coalesce(extract(epoch FROM now() - min(attempt.signed_at)), 0)::float8 AS "oldestUnmined"
    FROM relay.signer
    LEFT JOIN relay.tx ON tx.signer = address AND state IN ('signed', 'accepted')
    LEFT JOIN LATERAL (SELECT min(signed_at) AS signed_at FROM relay.attempt WHERE attempt.tx = tx.id) AS attempt ON true
    WHERE address = ANY($1) OR tx.id IS NOT NULL
    GROUP BY address ORDER BY array_position($1, address), address`
  const price = inTime(priceOfCall(context))
  const kept = await query<{ address: Address; oldestUnmined: number }>(pool, text, [signers])
  return Promise.all(
    kept.map(async ({ address, oldestUnmined }) => {
      const asked = [backlogOf(pool, address), inTime(client.getBalance({ address })), price] as const
      const [backlog, balance, callPrice] = await Promise.all(asked)
      const account = accounts.find((one) => one.address === address)
      const isRemoved = account === undefined
      const objection = nonceCheck.objectionTo(address) && (await askAgain(address, backlog))
      const signingFailure = account && signingFailureOf(account)
      const state = { isRemoved, objection, signingFailure, oldestUnmined, balance, budget, callPrice }
      const { nextNonce: _, ...figures } = backlog
      return { ...figures, signer: address, ...state }
    }),
  )

  /** Checks a paused signer again, because no call may come that would. @returns why it is still paused. */
  async function askAgain(address: Address, backlog: Backlog) {
    const [mined, pending] = await Promise.all([
      inTime(client.getTransactionCount({ address, blockTag: 'latest' })),
      inTime(client.getTransactionCount({ address, blockTag: 'pending' })),
    ])
    if (mined !== undefined && pending !== undefined) nonceCheck.accepts(address, backlog, { mined, pending })
    return nonceCheck.objectionTo(address)
  }
}

async function priceOfCall({ client, leastGas, l1Fee }: SenderContext): Promise<bigint> {
  const [gasPrice, fee] = await Promise.all([client.getGasPrice(), l1Fee()])
  return 2n * (gasPrice * leastGas + fee)
}

const inTime = <T>(question: Promise<T>): Promise<T | undefined> =>
  within(NODE_TIMEOUT_MS, answer(question), 'The chain’s node does not answer in time.').catch(unlessUnavailable)
