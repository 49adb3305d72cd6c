import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { connect } from '../../ops/database/connect.ts'

/** By the variables of deploy/postgres/roles.sql. */
const passwords = { indexer_password: 'of-indexer', relay_password: 'of-relay', reader_password: `of-reader'` }

/** The URLs of a database by role. */
export type RoleUrls = Record<'indexer' | 'relay' | 'reader', string>

/**
 * Runs deploy/postgres/roles.sql in a database, as psql does. Roles belong to a whole server.
 * @param ownerUrl the database, as a superuser.
 */
export async function createRoles(ownerUrl: string): Promise<RoleUrls> {
  let sql = await readFile('deploy/postgres/roles.sql', 'utf8')
  const variables = sql.match(/(?<=^\\getenv )\w+/gm)?.join()
  if (variables !== Object.keys(passwords).join()) throw new Error(`roles.sql reads other variables: ${variables}`)
  for (const [name, value] of Object.entries(passwords)) sql = sql.replace(`:'${name}'`, pg.escapeLiteral(value))
  await using client = await connect(ownerUrl)
  await client.query(sql.replaceAll(/^\\.*$/gm, ''))
  const urlOf = (role: keyof RoleUrls) => {
    const url = new URL(ownerUrl)
    url.username = `runline_${role}`
    url.password = encodeURIComponent(passwords[`${role}_password`])
    return url.href
  }
  return { indexer: urlOf('indexer'), relay: urlOf('relay'), reader: urlOf('reader') }
}
