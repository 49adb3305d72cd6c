// `npm run prune:indexer`: drops the tables of the chain's replaced builds. Run it once you will not switch back to one of
// them.
import pg from 'pg'
import { readEnv } from '../src/api/env.ts'
import { pruneBuilds } from './builds/prune.ts'

const { DATABASE_URL, CHAIN_ID } = readEnv(['DATABASE_URL', 'CHAIN_ID'])
const client = new pg.Client({ connectionString: DATABASE_URL })
await client.connect()
try {
  for (const { schema, why } of await pruneBuilds(client, CHAIN_ID)) console.log(`${schema} ${why}`)
} finally {
  await client.end()
}
