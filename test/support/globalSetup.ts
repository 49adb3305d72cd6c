import type { TestProject } from 'vitest/node'
import { buildContracts } from '../../devnet/buildContracts.ts'
import { startPostgres } from '../../devnet/postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** One PostgreSQL server for the whole test run: each file creates its own databases on it. */
    postgresUrl: string
  }
}

export default async function setup(project: TestProject) {
  await buildContracts()
  const postgres = await startPostgres()
  project.provide('postgresUrl', postgres.url)
  return postgres.stop
}
