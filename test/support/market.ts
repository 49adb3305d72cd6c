import { keyOf, roles } from '../../tools/devnet/accounts.ts'
import { type ApiOptions, startApi } from '../../tools/devnet/api.ts'
import { startIndexer } from '../../tools/devnet/indexer.ts'
import type { ManagedProcess } from '../../tools/devnet/managedProcess.ts'
import { freshDatabase } from './database.ts'
import { startMarketOnAnvil } from './marketOnAnvil.ts'
import { waitForIndex } from './waitForIndex.ts'

export type TestChain = Awaited<ReturnType<typeof startTestChain>>

/**
 * A deployed market on its own Anvil, with the contracts and a client. By default Anvil mines each transaction at once,
 * and a block every second besides: under load its clock runs ahead, by a second for each block.
 * The caller calls `stop`: `beforeAll(async () => { chain = await startTestChain(); return chain.stop })`.
 */
export async function startTestChain(
  options: Parameters<typeof startMarketOnAnvil>[0] = { blockTime: 1, flags: ['--mixed-mining'] },
) {
  await using parts = new AsyncDisposableStack()
  const chain = await startMarketOnAnvil({ awaitsMining: false, ...options })
  parts.defer(chain.stop)
  parts.defer(watched(chain.part))
  return { ...chain, stop: stopOf(parts) }
}

export type TestMarket = Awaited<ReturnType<typeof startTestMarket>>

/** The whole market: chain, database, the production indexer, and an API with the devnet's relayer key. */
export async function startTestMarket({
  chain: chainOptions,
  api: apiOptions,
}: {
  chain?: Parameters<typeof startTestChain>[0]
  api?: Partial<ApiOptions>
} = {}) {
  await using parts = new AsyncDisposableStack()
  const [chain, databaseUrl] = await Promise.all([startTestChain(chainOptions), freshDatabase()])
  parts.defer(chain.stop)
  const connections = { ...chain, databaseUrl }
  const [indexer, api] = await Promise.all([
    startIndexer(connections),
    startApi({ ...connections, relayerKey: keyOf(roles.relayer), ...apiOptions }),
  ])
  parts.defer(watched(indexer.part))
  parts.defer(watched(api.part))
  /** Waits until readers see the chain's latest block. */
  const indexed = async () => waitForIndex(databaseUrl, await chain.client.getBlockNumber())
  await indexed()
  return { ...connections, indexer, api, indexed, stop: stopOf(parts) }
}

/** By whether the API accepts claims without a wallet's signature. */
const sharedMarkets = new Map<'unsigned' | 'signed', Promise<TestMarket>>()

/**
 * A market that the files of a worker share: they run one after another, and Vitest loads this module once for them. The
 * first file starts it, and the worker's guard ends its processes after the worker. Each file makes its own agents and
 * runs, and assumes no id, count, nonce or balance, and no empty list. A file that pauses mining resumes it; one that moves
 * the clock, stops a part or changes a setting starts its own market. So does one of a client, which reads this machine's
 * clock: after many blocks the chain's is minutes ahead.
 */
export function sharedMarket(kind: 'unsigned' | 'signed'): Promise<TestMarket> {
  let market = sharedMarkets.get(kind)
  if (!market) {
    market = startTestMarket({ api: { allowUnsignedClaims: kind === 'unsigned' } })
    sharedMarkets.set(kind, market)
  }
  return market
}

/** @returns a function that stops the part; prints its output if it ends before that. */
function watched(part: ManagedProcess) {
  let isStopping = false
  part.ended.then((how) => {
    if (!isStopping) console.error(part.failure(how).message)
  })
  return () => {
    isStopping = true
    return part.stop()
  }
}

function stopOf(parts: AsyncDisposableStack) {
  const kept = parts.move()
  return () => kept.disposeAsync()
}

/** A program of a page, with the URL, the chain and the contracts of the market for the page's placeholders. */
export const onMarket = (program: string, { api, chainId, market, usdc, staking, registry, deployment }: TestMarket) =>
  program
    .replaceAll('http://localhost:3000', api.url)
    .replaceAll('31337', String(chainId))
    .replaceAll('0x…market', market.address)
    .replaceAll('0x…usdc', usdc.address)
    .replaceAll('0x…funding', deployment.contracts.SignedFunding)
    .replaceAll('0x…staking', staking.address)
    .replaceAll('0x…registry', registry.address)
