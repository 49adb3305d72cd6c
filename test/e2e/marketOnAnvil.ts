import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Abi,
  type Address,
  createTestClient,
  getContract,
  type Hash,
  type Hex,
  http,
  maxUint256,
  publicActions,
  rpcSchema,
  walletActions,
} from 'viem'
import { anvil as anvilChain } from 'viem/chains'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../abis/MockUSDC.ts'
import { accountCount, accountOf, roles } from '../../devnet/accounts.ts'
import { startAnvil } from '../../devnet/anvil.ts'
import { deploy } from '../../ops/deploy.ts'
import { writeDeployment } from '../../ops/writeDeployment.ts'

export type MarketOnAnvil = Awaited<ReturnType<typeof startMarketOnAnvil>>

/**
 * A market on an Anvil that mines a block for each transaction.
 * @param prepareRegistry Deploys a registry to use instead of ours, before the market. @returns its address.
 */
export async function startMarketOnAnvil(prepareRegistry?: (client: Client) => Promise<Address>) {
  const { rpcUrl, stop } = await startAnvil({ accounts: accountCount })
  const client = connect(rpcUrl)
  const registry = await prepareRegistry?.(client)
  const { contracts, ...deployment } = await deploy({
    rpcUrl,
    chainId: anvilChain.id,
    account: accountOf(roles.deployer),
    treasury: accountOf(roles.treasury).address,
    owner: accountOf(roles.owner).address,
    relayers: [accountOf(roles.relayer).address],
    registry,
  })
  const deploymentsDirectory = await mkdtemp(join(tmpdir(), 'runline-deployments-'))
  writeDeployment({ contracts, ...deployment }, deploymentsDirectory)

  const usdc = getContract({ abi: mockUsdcAbi, address: contracts.USDC, client })
  return {
    rpcUrl,
    deploymentsDirectory,
    client,
    usdc,
    registry: getContract({ abi: agentRegistryAbi, address: contracts.AgentRegistry, client }),
    staking: getContract({ abi: agentStakingAbi, address: contracts.AgentStaking, client }),
    market: getContract({ abi: bountyMarketAbi, address: contracts.BountyMarket, client }),
    /** Gives each account a million dollars to stake and to post runs with. */
    async fund(...accounts: Address[]) {
      for (const account of accounts) {
        await usdc.write.mint([account, 10n ** 12n])
        for (const spender of [contracts.AgentStaking, contracts.BountyMarket]) {
          await usdc.write.approve([spender, maxUint256], { account })
        }
      }
    },
    async stop() {
      await stop()
      await rm(deploymentsDirectory, { recursive: true })
    },
  }
}

export type Client = ReturnType<typeof connect>

/**
 * Transactions come from the account that they name, or from the deployer; Anvil signs for its accounts. Each is
 * awaited until it is mined, and throws if it reverted.
 */
function connect(rpcUrl: string) {
  const account = accountOf(roles.deployer).address
  const transport = http(rpcUrl)
  const client = createTestClient({
    mode: 'anvil',
    chain: anvilChain,
    transport,
    rpcSchema:
      rpcSchema<[{ Method: 'anvil_reorg'; Parameters: [depth: number, transactions: []]; ReturnType: null }]>(),
    cacheTime: 0,
    pollingInterval: 20,
    account,
  })
    .extend(publicActions)
    .extend(walletActions)
  const mined = async (sent: Promise<Hash>) => {
    const hash = await sent
    const { status } = await client.waitForTransactionReceipt({ hash })
    if (status !== 'success') throw new Error(`Reverted: ${hash}`)
    return hash
  }
  const { sendTransaction, writeContract } = client
  return client.extend(() => ({
    sendTransaction: ((request) => mined(sendTransaction(request))) as typeof sendTransaction,
    writeContract: ((request) => mined(writeContract(request))) as typeof writeContract,
  }))
}

type Artifact = { abi: Abi; bytecode: { object: Hex } }

/** Deploys a contract that Forge has built from `<file>.sol`. @returns its address. */
export async function deployArtifact(client: Client, name: string, args: readonly unknown[] = [], file = name) {
  const { abi, bytecode } = JSON.parse(await readFile(`out/${file}.sol/${name}.json`, 'utf8')) as Artifact
  const hash = await client.deployContract({ abi, bytecode: bytecode.object, args })
  const { contractAddress } = await client.waitForTransactionReceipt({ hash })
  if (!contractAddress) throw new Error(`${name} was not deployed`)
  return contractAddress
}
