import pg from 'pg'
import { type Address, parseEventLogs } from 'viem'
import { expect } from 'vitest'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import type { TestChain } from '../../support/market.ts'

export type Ledger = Awaited<ReturnType<typeof readLedger>>

type Sources = Pick<TestChain, 'client' | 'deployment'> & { databaseUrl: string }

/** The chain's record of claims and of the signers' nonces, and the relay's. */
export async function readLedger({ client, deployment, databaseUrl }: Sources, signers: Address[]) {
  const logs = await client.getLogs({ address: deployment.contracts.BountyMarket, fromBlock: 0n })
  const claimed = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyClaimed', logs })
  const nonces = await Promise.all(
    signers.map(async (address) => ({
      signer: address,
      latest: await client.getTransactionCount({ address }),
      pending: await client.getTransactionCount({ address, blockTag: 'pending' }),
    })),
  )
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  try {
    const txs = await database.query<{ signer: string; nonce: string; state: string }>(
      'SELECT signer, nonce, state FROM relay.tx ORDER BY nonce',
    )
    const claims = await database.query<{ bounty_id: string; state: string }>(
      'SELECT bounty_id, state FROM relay.claim WHERE state <> $1',
      ['refused'],
    )
    return { claimed, nonces, txs: txs.rows, claims: claims.rows }
  } finally {
    await database.end()
  }
}

/** Expects that no run was claimed twice, no claim is open, no transaction unmined, and no signer's nonce missing. */
export function expectInOrder({ claimed, nonces, txs, claims }: Ledger) {
  const runs = claimed.map(({ args }) => args.bountyId)
  expect(runs, 'runs claimed').toEqual([...new Set(runs)])
  expect(claims.filter(({ state }) => state !== 'won')).toEqual([])
  expect(txs.filter(({ state }) => state !== 'mined' && state !== 'final')).toEqual([])
  for (const { signer, latest, pending } of nonces) {
    expect(pending, `pending transactions of ${signer}`).toBe(latest)
    const stored = txs.filter((tx) => tx.signer === signer).map(({ nonce }) => Number(nonce))
    expect(stored, `nonces of ${signer}`).toEqual(Array.from({ length: latest }, (_, nonce) => nonce))
  }
}
