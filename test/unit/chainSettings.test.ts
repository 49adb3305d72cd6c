import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
})

/** How Ponder polls with these settings of a process. */
async function pollsWith(settings: Record<string, string>, blockTimeMs: number | undefined) {
  vi.resetModules()
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
  const { pollsBy } = await import('../../core/chainSettings.ts')
  return pollsBy(blockTimeMs)
}

test.each([
  ['without those that come too soon after a block', { CHAIN_ID: '8453' }, 200, 100, 200],
  ['not more often than Ponder polls', { CHAIN_ID: '8453' }, 50, 100],
  ['the default where blocks are slower', { CHAIN_ID: '8453' }, 2_000, 500],
  ['the default where the time between blocks is not known', { CHAIN_ID: '8453' }, undefined, 500],
  ['half of the calls at most', { CHAIN_ID: '8453', RPC_REQUESTS_PER_SECOND: '5' }, 200, 400],
  ['the setting, if there is one', { CHAIN_ID: '8453', POLL_INTERVAL_MS: '1000' }, 200, 1_000],
  ['the default of a devnet', { CHAIN_ID: '31337' }, 200, 100],
] as const)('%s', async (_, settings, measured, pollingInterval, blockTimeMs?: number) => {
  expect(await pollsWith(settings, measured)).toEqual({ pollingInterval, blockTimeMs })
})
