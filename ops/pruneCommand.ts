// `npm run prune:indexer`: drops the tables of the chain's replaced builds. Run it once you will not switch back to one of
// them.
import { readEnv } from '../src/api/env.ts'
import { pruneBuilds } from './builds/prune.ts'
import { connectCommand } from './database/connect.ts'
import { runCommand } from './runCommand.ts'

const { DATABASE_URL, CHAIN_ID } = readEnv(['DATABASE_URL', 'CHAIN_ID'])

await runCommand(async () => {
  const client = await connectCommand(DATABASE_URL)
  const pruned = await pruneBuilds(client, CHAIN_ID).finally(() => client.end())
  for (const { schema, why } of pruned) console.log(`${schema} ${why}`)
})
