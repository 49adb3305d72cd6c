// `npm run prune:indexer`: drops the tables of replaced builds. Run it once you will not switch back to one of
// them.
import { readEnv } from '../core/env.ts'
import { pruneBuilds } from './builds/prune.ts'
import { connectCommand } from './database/connect.ts'
import { runCommand } from './runCommand.ts'

const { DATABASE_URL } = readEnv(['DATABASE_URL'])

await runCommand(async () => {
  await using client = await connectCommand(DATABASE_URL)
  for (const { schema, why } of await pruneBuilds(client)) console.log(`${schema} ${why}`)
})
