import { inject } from 'vitest'
import { createDatabase } from '../../tools/devnet/postgres.ts'

/** Creates an empty database that lasts until the end of the test run. @returns its URL. */
export function freshDatabase(): Promise<string> {
  return createDatabase(inject('postgresUrl'))
}
