// `npm run recover:indexer`: recovers from a reorg deeper than Ponder's finality. With the indexer stopped, it removes
// the builds and cached blocks of the orphaned branch; the next start indexes again, from the cache up to the fork.
import { readEnv } from '../core/env.ts'
import { createChainClient } from '../core/node/chainClient.ts'
import { recover } from './builds/deadBranch.ts'
import { connectCommand } from './database/connect.ts'
import { runCommand } from './runCommand.ts'

const { DATABASE_URL, CHAIN_ID, RPC_URL } = readEnv(['DATABASE_URL', 'CHAIN_ID', 'RPC_URL'])
// One node, so that all its answers are of one chain.
const chain = createChainClient(RPC_URL[0])

await runCommand(async () => {
  await using client = await connectCommand(DATABASE_URL)
  const chainId = await chain.getChainId()
  if (chainId !== CHAIN_ID) throw new Error(`CHAIN_ID is ${CHAIN_ID}, but RPC_URL serves chain ${chainId}`)
  const recovery = await recover(client, chain, CHAIN_ID)
  if (!recovery)
    return console.log('The chain has the latest block that Ponder counts as finalized: there is nothing to recover')
  const { dead, fork, builds } = recovery
  console.log(
    `A reorg removed block ${dead.number}, ${dead.hash}; the last block that chain and index share is ${fork}`,
  )
  console.log(
    `Removed the cached blocks after it and these builds: ${builds.join(', ') || 'none'}. Start the indexer again.`,
  )
})
