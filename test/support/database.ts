import { inject } from 'vitest'
import { createDatabase } from '../../devnet/postgres.ts'

/** Creates an empty database, which ends with the run. @returns its URL. */
export function freshDatabase(): Promise<string> {
  return createDatabase(inject('postgresUrl'))
}
