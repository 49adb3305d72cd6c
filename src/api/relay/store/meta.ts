import type pg from 'pg'
import { type Hex, numberToHex } from 'viem'
import type { Deployment } from '../../deployment.ts'
import { answer, unavailable } from '../chain/client.ts'
import type { Market } from '../chain/market.ts'
import { stored } from './database.ts'

/**
 * Sees to it that what is stored belongs to the chain that the node serves. A devnet that was started anew has the same
 * chain id and often the same addresses, so the hash of the block that the deployment starts at tells it apart.
 * @throws if the schema is another chain's, or another market's.
 */
export async function assertSameChain(pool: pg.Pool, market: Market, { startBlock }: Deployment): Promise<void> {
  const params: [Hex, false] = [numberToHex(startBlock), false]
  const block = await answer(market.client.request({ method: 'eth_getBlockByNumber', params }))
  if (!block?.hash) throw unavailable(`The node does not know the deployment’s start block ${startBlock}.`)
  const present = { chain_id: String(market.chainId), market: market.address, start_block_hash: block.hash }
  const values = Object.values(present)
  const insert =
    'INSERT INTO relay.meta (chain_id, market, start_block_hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING'
  await stored(pool.query(insert, values))
  const { rows } = await stored(pool.query('SELECT chain_id, market, start_block_hash FROM relay.meta'))
  const kept = rows[0] as typeof present
  const names = Object.keys(present) as (keyof typeof present)[]
  const different = names.filter((name) => kept[name] !== present[name])
  if (different.length === 0) return
  const list = different.map((name) => `${name} ${kept[name]}, not ${present[name]}`).join('; ')
  throw new Error(`Schema relay in DATABASE_URL belongs to another chain or market: ${list}. Use another database.`)
}
