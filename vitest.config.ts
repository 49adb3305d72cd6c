import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Tests start hundreds of processes, which load the same modules. Node compiles each module once: the processes inherit
// this variable. Ponder watches all other folders of this one, and its watcher would look at each of thousands of files.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/node', import.meta.url))

const project = (name: string, files: string, timeoutMs: number, more = {}) => ({
  test: {
    name,
    include: [files],
    testTimeout: timeoutMs,
    hookTimeout: 2 * timeoutMs,
    // Vitest's second is too short on a busy machine.
    expect: { poll: { timeout: 10_000 } },
    ...more,
  },
})

/** For tests that deploy contracts. */
const contracts = { globalSetup: 'test/support/builtContracts.ts' }
/** For tests that start the market's processes. */
const processes = { ...contracts, setupFiles: ['test/support/checkAnswers.ts'] }

export default defineConfig({
  test: {
    // As the API and the indexer do.
    execArgv: ['--import', new URL('core/cheapImports.ts', import.meta.url).href],
    globalSetup: 'test/support/globalSetup.ts',
    // To load viem, Hono and Drizzle takes about a second of CPU time, so the files of a worker load them once.
    isolate: false,
    // A file runs Anvil, an indexer and an API, and waits for about half of its time: four at a time use all of two cores.
    maxWorkers: 4,
    // Vitest's 10 s to end a worker are too short on a busy machine.
    teardownTimeout: 60_000,
    projects: [
      project('unit', 'test/unit/**/*.test.ts', 10_000, contracts),
      project('api', 'test/api/**/*.test.ts', 30_000),
      project('e2e', 'test/e2e/**/*.test.ts', 120_000, processes),
      // `.ci/run` runs these besides: longer files, and drills, which break or replace a part that runs and wait until the others recover.
      project('ci', 'test/**/*.ci.ts', 120_000, processes),
      // `npm run test:nightly` runs these, and the long campaigns.
      project('nightly', 'test/**/*.nightly.ts', 120_000, processes),
    ],
  },
})
