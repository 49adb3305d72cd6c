// `npm run recover:indexer`: after a reorg deeper than what Ponder takes for final. With the indexer stopped, it removes
// what was indexed and cached of the branch that is dead; the next start indexes anew, from the cache up to the fork.
import pg from 'pg'
import { createChainClient } from '../src/api/chainClient.ts'
import { readEnv } from '../src/api/env.ts'
import { reasonOf } from '../src/api/observability/describeError.ts'
import { findDeadBlock, findForkBlock, removeBranch } from './builds/deadBranch.ts'

const { DATABASE_URL, CHAIN_ID, RPC_URL } = readEnv(['DATABASE_URL', 'CHAIN_ID', 'RPC_URL'])
const chain = createChainClient(RPC_URL)
const client = new pg.Client({ connectionString: DATABASE_URL })

async function run() {
  const chainId = await chain.getChainId()
  if (chainId !== CHAIN_ID) throw new Error(`CHAIN_ID is ${CHAIN_ID}, but RPC_URL serves chain ${chainId}`)
  const dead = await findDeadBlock(client, chain, CHAIN_ID)
  if (!dead) return console.log('The chain has every block that was final: there is nothing to recover')
  const fork = (await findForkBlock(client, chain, CHAIN_ID))?.number ?? 0n
  console.log(
    `The chain has left block ${dead.number}, ${dead.hash}; the last that it shares with the index is ${fork}`,
  )
  const builds = await removeBranch(client, CHAIN_ID, fork)
  console.log(`Removed what was kept of later blocks, and ${builds.join(', ') || 'no build'}. Start the indexer again.`)
}

await client.connect()
try {
  await run()
} catch (error) {
  console.error(reasonOf(error))
  process.exitCode = 1
} finally {
  await client.end()
}
