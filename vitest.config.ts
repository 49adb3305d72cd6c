import { defineConfig } from 'vitest/config'

const project = (name: string, milliseconds: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: milliseconds,
    hookTimeout: 2 * milliseconds,
  },
})

export default defineConfig({
  test: {
    globalSetup: 'test/support/globalSetup.ts',
    // A file of e2e runs Anvil, an indexer and an API: two at a time fill two cores.
    maxWorkers: 2,
    projects: [project('unit', 10_000), project('api', 30_000), project('e2e', 60_000)],
  },
})
