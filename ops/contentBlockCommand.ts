// `npm run content:block -- <cid> [--yes]`: takes content down, and refuses it from then on. With --lift it may be posted
// again.
import { parseArgs } from 'node:util'
import { readEnv } from '../core/env.ts'
import { blockContent, unblockContent } from '../src/api/content/block.ts'
import { isStorableCid } from '../src/api/content/cid.ts'
import { confirm } from './confirm.ts'
import { connectCommand } from './database/connect.ts'
import { runCommand } from './runCommand.ts'

const caches = `Who still has it:
- Browsers, and caches between them and this API, for up to an hour (max-age=3600, immutable). Purge /ipfs/<cid> from a
  CDN or a proxy of yours.
- Answers of this API that show its title, summary, tags or name: until the next block or second. Searches no longer find it.
- Read replicas, until they have replayed this change.
- Backups: after a restore of an earlier one, block it again.
- Clients that have read it, also from a stream, which sends nothing when it is taken down, and other servers. The run still names it by its CID, on chain.
The API's processes keep no copy.`

const env = readEnv(['DATABASE_URL'])

await runCommand(async () => {
  const options = { lift: { type: 'boolean' }, yes: { type: 'boolean' } } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const [cid = '', ...others] = positionals
  const given = cid.replace(/^ipfs:\/\//, '')
  if (others.length > 0) throw new Error(`Name one CID, got ${positionals.length}`)
  if (!isStorableCid(given)) {
    throw new Error(`Name a CID of version 1, with codec raw and sha2-256, in base32, got ${cid || 'nothing'}`)
  }
  await using client = await connectCommand(env.DATABASE_URL)
  const { rows } = await client.query(`SELECT to_regclass('content.blocked') IS NULL AS "isAbsent"`)
  if (rows[0].isAbsent) throw new Error('DATABASE_URL has no schema content: the API creates it when it starts')
  if (values.lift) {
    if (!(await unblockContent(client, given))) throw new Error(`${given} is not blocked; nothing was changed`)
    console.log(`${given} may be posted again. What was stored is not restored.`)
    return
  }
  if (!values.yes) await confirm(`Delete ${given} and refuse it from now on?`, 'Nothing was changed')
  const posters = await blockContent(client, given)
  console.log(`${given} is ${posters ? 'deleted' : 'not stored here'}, and is refused from now on.\n${caches}`)
  if (posters)
    console.log(
      `It was first posted by ${posters.first ?? 'an unknown client'}, last by ${posters.last ?? 'an unknown client'}.`,
    )
})
