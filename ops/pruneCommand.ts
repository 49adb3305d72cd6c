// `npm run prune:indexer`: drops the tables of the chain's replaced builds. Run it once you will not switch back to one of
// them.
import { readEnv } from '../src/api/env.ts'
import { reasonOf } from '../src/api/observability/describeError.ts'
import { pruneBuilds } from './builds/prune.ts'
import { connectCommand } from './database/connect.ts'

const { DATABASE_URL, CHAIN_ID } = readEnv(['DATABASE_URL', 'CHAIN_ID'])

try {
  const client = await connectCommand(DATABASE_URL)
  const pruned = await pruneBuilds(client, CHAIN_ID).finally(() => client.end())
  for (const { schema, why } of pruned) console.log(`${schema} ${why}`)
} catch (error) {
  console.error(reasonOf(error))
  process.exitCode = 1
}
