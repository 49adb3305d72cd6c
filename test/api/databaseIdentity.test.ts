import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { readIdentity } from '../../ops/database/identity.ts'
import { freshDatabase } from '../support/database.ts'

let admin: pg.Client
/** Connects as a role that may only connect and create schemas. */
let databaseUrl: string

beforeEach(async () => {
  const url = new URL(await freshDatabase())
  admin = new pg.Client({ connectionString: url.href })
  await admin.connect()
  const role = `role_${randomBytes(6).toString('hex')}`
  await admin.query(`
    CREATE ROLE ${role} LOGIN PASSWORD 'secret';
    GRANT CREATE ON DATABASE ${pg.escapeIdentifier(url.pathname.slice(1))} TO ${role}`)
  url.username = role
  url.password = 'secret'
  databaseUrl = url.href
  return async () => {
    await admin.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
    await admin.end()
  }
})

async function connectAsRole() {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

it('reads the identity as an ordinary role', async () => {
  const identity = await readIdentity(await connectAsRole())
  expect(identity).toEqual({
    system: expect.stringMatching(/^\d+$/),
    timeline: '00000001',
    startedAt: expect.stringMatching(/^\d{4}-/),
  })
})

it('reads the rest of the identity where the role may not call a function', async () => {
  await admin.query('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC')
  const identity = await readIdentity(await connectAsRole())
  expect(identity).toMatchObject({ system: null, timeline: '00000001' })
})
