// `npm run prune:indexer`: drops the tables of replaced builds. Run it once you will not switch back to one of
// them.
import pg from 'pg'
import { readEnv } from '../src/api/env.ts'
import { pruneBuilds } from './builds/prune.ts'

const client = new pg.Client({ connectionString: readEnv(['DATABASE_URL']).DATABASE_URL })
await client.connect()
try {
  for (const { schema, why } of await pruneBuilds(client)) console.log(`${schema} ${why}`)
} finally {
  await client.end()
}
