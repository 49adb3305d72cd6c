import { execa } from 'execa'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../../tools/devnet/postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** One PostgreSQL server for the whole test run: each file creates its own databases on it. */
    postgresUrl: string
    /** The text of /openapi.json. To make it loads the whole API, which takes a second: no file makes its own. */
    apiDescription: string
  }
}

export default async function setup(project: TestProject) {
  const [postgres, description] = await Promise.all([
    startPostgres(),
    // A process of its own loads the API by the hooks that make its imports cheap: within Vitest it takes a second longer.
    execa(process.execPath, ['tools/toolchain/describeApi.ts']),
  ])
  project.provide('apiDescription', description.stdout)
  project.provide('postgresUrl', postgres.url)
  return postgres.stop
}
