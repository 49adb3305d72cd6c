import type { Supervised } from '../../support/supervise.ts'
import type { Tally } from '../tally.ts'
import type { Witness } from '../witness.ts'
import type { World } from '../world.ts'
import { crashDatabase, dropConnections, stallDatabase } from './database.ts'
import type { Disturbance } from './schedule.ts'

type Disturbed = {
  world: World
  witness: Witness
  indexer: Pick<Supervised, 'kill' | 'terminate'>
  api: Pick<Supervised, 'kill'>
  redeploy: () => Promise<boolean>
  databaseUrl: string
}

/** Applies the disturbance, and counts it if it had an effect: a process that is not running cannot be killed. */
export async function disturb(target: Disturbed, what: Disturbance, happened: Tally) {
  const { indexer, api, databaseUrl } = target
  switch (what.kind) {
    case 'reorg':
      happened.add('block reorged', await reorg(target, what.depth))
      break
    case 'kill the indexer':
      if (!indexer.kill()) return
      break
    case 'terminate the indexer':
      if (!indexer.terminate()) return
      break
    case 'kill the API':
      if (!api.kill()) return
      break
    case 'redeploy the indexer':
      if (!(await target.redeploy())) return
      break
    case 'drop connections':
      await dropConnections(databaseUrl)
      break
    case 'stall the disk':
      await stallDatabase(databaseUrl, what.milliseconds)
      break
    case 'crash the database':
      await crashDatabase(databaseUrl)
  }
  happened.add(what.kind)
}

/**
 * Replaces the last blocks by empty ones. Anvil drops their transactions and restores nonces and balances, so the
 * parties continue from the older state. An empty block on an unchanged parent keeps its hash, so a block with a
 * transaction is mined first.
 * @returns the number of replaced blocks.
 * @throws if no block was replaced: then nothing was tested.
 */
function reorg({ world, witness }: Disturbed, depth: number): Promise<number> {
  const { node, posters, mining } = world
  const [account] = posters
  if (!account) throw new Error('The world has no posters')
  return mining.paused(async () => {
    // With automine, a relayed claim could be mined that the witness misses, or an empty block after this one.
    const hasAutomine = await node.getAutomine()
    await node.setAutomine(false)
    const sent = await node.sendTransaction({ account, to: account.address })
    await node.mine({ blocks: 1 })
    await node.waitForTransactionReceipt({ hash: sent })
    await witness.catchUp()
    const latest = await node.getBlockNumber({ cacheTime: 0 })
    const numbers = Array.from({ length: depth }, (_, index) => latest - BigInt(index))
    const hashes = () => Promise.all(numbers.map(async (blockNumber) => (await node.getBlock({ blockNumber })).hash))
    const before = await hashes()
    await node.request({ method: 'anvil_reorg', params: [depth, []] })
    if (hasAutomine) await node.setAutomine(true)
    const after = await hashes()
    if (after[0] === before[0]) throw new Error(`anvil_reorg of ${depth} blocks left block ${latest} as it was`)
    return after.filter((hash, place) => hash !== before[place]).length
  })
}
