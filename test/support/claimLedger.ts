import pg from 'pg'
import { type Address, parseEventLogs } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { MarketOnAnvil } from './marketOnAnvil.ts'
import { standingClaims } from './relayRows.ts'

export type Ledger = Awaited<ReturnType<typeof readLedger>>

type Sources = Pick<MarketOnAnvil, 'client' | 'deployment'> & { databaseUrl: string }

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
    return { claimed, nonces, txs: txs.rows, claims: await standingClaims(database) }
  } finally {
    await database.end()
  }
}

/**
 * What is not in order: a run that was claimed twice, a claim that is open, a transaction that is not mined, a nonce of a
 * signer that is pending or missing. Empty if all is.
 */
export function findDisorder({ claimed, nonces, txs, claims }: Ledger): string[] {
  const runs = claimed.map(({ args }) => args.bountyId)
  const twice = runs.filter((run, place) => runs.indexOf(run) !== place)
  const open = claims.filter(({ state }) => state !== 'done')
  const unmined = txs.filter(({ state }) => state !== 'mined' && state !== 'final')
  return [
    ...twice.map((run) => `Run ${run} was claimed twice`),
    ...open.map(({ runId, state }) => `A claim of run ${runId} is ${state}`),
    ...unmined.map(({ signer, nonce, state }) => `The transaction of ${signer} with nonce ${nonce} is ${state}`),
    ...nonces.flatMap(({ signer, latest, pending }) => {
      const stored = txs.filter((tx) => tx.signer === signer).map(({ nonce }) => Number(nonce))
      const used = Array.from({ length: latest }, (_, nonce) => nonce)
      return [
        ...(pending === latest ? [] : [`${signer} has ${pending - latest} pending transactions`]),
        ...(stored.join() === used.join() ? [] : [`The relay has nonces ${stored} of ${signer}, the chain ${used}`]),
      ]
    }),
  ]
}
