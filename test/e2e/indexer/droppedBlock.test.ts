import { createTestClient, type Hash, http, publicActions, walletActions } from 'viem'
import { baseSepolia } from 'viem/chains'
import { expect, test } from 'vitest'
import { accountOf, roles } from '../../../devnet/accounts.ts'
import { startAnvil } from '../../../devnet/anvil.ts'
import { startIndexer } from '../../../devnet/indexer.ts'
import { deploy } from '../../../ops/deploy.ts'
import { writeDeployment } from '../../../ops/writeDeployment.ts'
import { type ChooseFault, startRpcProxy } from '../../../sim/faults/rpcProxy.ts'
import { contractsOf, deployArtifact } from '../../../testkit/contracts.ts'
import { temporaryDirectory } from '../../../testkit/temporaryDirectory.ts'
import { waitForIndex } from '../../../testkit/waitForIndex.ts'
import { freshDatabase } from '../../support/database.ts'

/** As for a public chain: there the indexer reaches its node as in production. */
const chain = baseSepolia

/** Milliseconds: an eighth of the time that Ponder takes without our transport. */
const BOUND = 8_000

test('a reorg between a block and its logs delays the index by less than 8 s', { timeout: 180_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const { rpcUrl, stop } = await startAnvil({ chainId: chain.id, accounts: 20, blockTime: 1 })
  parts.defer(stop)
  const client = createTestClient({
    mode: 'anvil',
    chain,
    transport: http(rpcUrl),
    account: accountOf(0),
    cacheTime: 0,
  })
    .extend(publicActions)
    .extend(walletActions)
  const usdc = await deployArtifact(rpcUrl, 'MockUSDC')
  const owner = accountOf(roles.owner).address
  const treasury = accountOf(roles.treasury).address
  const account = accountOf(roles.deployer)
  const deployment = await deploy({ rpcUrl, chainId: chain.id, account, treasury, owner, usdc, relayers: [] })
  const deployments = await temporaryDirectory()
  parts.defer(deployments.remove)
  writeDeployment(deployment, deployments.path)

  let choose: ChooseFault = () => undefined
  const proxy = await startRpcProxy(rpcUrl, (call) => choose(call))
  parts.defer(proxy.stop)
  const databaseUrl = await freshDatabase()
  const connections = { databaseUrl, chainId: chain.id, deploymentsDirectory: deployments.path }
  const indexer = await startIndexer({ ...connections, rpcUrl: proxy.url })
  parts.defer(indexer.stop)
  await waitForIndex(databaseUrl, await client.getBlockNumber(), 60_000)

  // The request for a block's logs is held back until the block is dropped.
  const held = Promise.withResolvers<Hash>()
  choose = ({ method, params: [filter] }) => {
    if (method !== 'eth_getLogs' || !Object.hasOwn(Object(filter), 'blockHash')) return undefined
    choose = () => undefined
    held.resolve(Object(filter).blockHash)
    return { kind: 'delay', milliseconds: 1_500 }
  }
  const { registry } = contractsOf({ rpcUrl, deployment })
  await registry.write.registerFor([owner, 'ipfs://dropped'], { account: owner })
  const blockHash = await held.promise
  const { number } = await client.getBlock({ blockHash })
  const depth = Number((await client.getBlockNumber()) - number) + 3
  await client.request({ method: 'anvil_reorg', params: [depth, []] } as never)
  await expect(client.getBlock({ blockHash })).rejects.toThrow()

  const start = performance.now()
  const latest = await client.getBlockNumber()
  await waitForIndex(databaseUrl, latest + 1n, 120_000)
  const milliseconds = performance.now() - start
  console.log(`The index followed the new branch after ${Math.round(milliseconds)} ms`)
  expect(milliseconds).toBeLessThan(BOUND)
})
