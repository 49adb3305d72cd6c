// `npm run prune:indexer`: drops the tables of builds that were replaced. To be run once nobody wants one of them back.
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
