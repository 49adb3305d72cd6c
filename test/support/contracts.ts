import { type Account, type Address, getContract, type Hash, type Hex, maxUint256, zeroHash } from 'viem'
import { foundry } from 'viem/chains'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../abis/MockUSDC.ts'
import { readArtifact } from '../../ops/readArtifact.ts'
import { accountOf, roles } from '../../tools/devnet/accounts.ts'
import { createAnvilClient } from '../../tools/devnet/anvilClient.ts'
import type { Chain } from '../../tools/devnet/chain.ts'

export type WriteOptions = {
  /** Whether a transaction resolves only once it is mined, and throws if it reverted. */
  awaitsMining?: boolean
}

export type Contracts = ReturnType<typeof contractsOf>

/**
 * A client that can read, write and move Anvil's clock, and the contracts through it. Writes come from the deployer
 * unless they name an account; Anvil signs for its own accounts.
 */
export function contractsOf(
  { rpcUrl, deployment: { chainId, contracts } }: Pick<Chain, 'rpcUrl' | 'deployment'>,
  { awaitsMining = false }: WriteOptions = {},
) {
  const connected = connect(rpcUrl, chainId)
  const client = awaitsMining ? awaitingMining(connected) : connected
  return {
    client,
    usdc: getContract({ abi: mockUsdcAbi, address: contracts.USDC, client }),
    registry: getContract({ abi: agentRegistryAbi, address: contracts.AgentRegistry, client }),
    staking: getContract({ abi: agentStakingAbi, address: contracts.AgentStaking, client }),
    market: getContract({ abi: bountyMarketAbi, address: contracts.BountyMarket, client }),
  }
}

/** Gives the account ten million dollars to stake and to post runs with. It has ETH already. */
export async function fund({ usdc, staking, market }: Contracts, account: Account | Address): Promise<void> {
  await usdc.write.mint([typeof account === 'string' ? account : account.address, 10n ** 13n])
  for (const { address: spender } of [staking, market]) await usdc.write.approve([spender, maxUint256], { account })
}

type Client = ReturnType<typeof connect>

const connect = (rpcUrl: string, chainId: number) =>
  createAnvilClient(rpcUrl, { ...foundry, id: chainId }, accountOf(roles.deployer).address)

function awaitingMining(client: Client): Client {
  const { sendTransaction, writeContract } = client
  const mined = async (sent: Promise<Hash>) => {
    const hash = await sent
    const { status } = await client.waitForTransactionReceipt({ hash })
    if (status !== 'success') throw new Error(`Transaction ${hash} reverted`)
    return hash
  }
  return client.extend(() => ({
    sendTransaction: ((request) => mined(sendTransaction(request))) as typeof sendTransaction,
    writeContract: ((request) => mined(writeContract(request))) as typeof writeContract,
  }))
}

/** Deploys a contract that Forge has built from `<file>.sol`, as Anvil's first account. @returns its address. */
export async function deployArtifact(
  rpcUrl: string,
  name: string,
  args: readonly unknown[] = [],
  file = name,
): Promise<Address> {
  const client = connect(rpcUrl, foundry.id)
  const { abi, bytecode } = readArtifact(name, file)
  const hash = await client.deployContract({ abi, bytecode: bytecode.object, args, chain: null })
  const { contractAddress } = await client.waitForTransactionReceipt({ hash })
  if (!contractAddress) throw new Error(`${name} was not deployed`)
  return contractAddress
}

/** Puts a deployed contract's code at a known address too, with the named slots of its storage, in a block of its own. */
export async function copyCode(
  client: Pick<Client, 'getCode' | 'setCode' | 'getStorageAt' | 'setStorageAt' | 'mine'>,
  from: Address,
  to: Address,
  slots: readonly Hex[] = [],
): Promise<void> {
  const bytecode = await client.getCode({ address: from })
  if (!bytecode) throw new Error(`There is no contract at ${from}`)
  await client.setCode({ address: to, bytecode })
  for (const index of slots) {
    const value = await client.getStorageAt({ address: from, slot: index })
    await client.setStorageAt({ address: to, index, value: value ?? zeroHash })
  }
  await client.mine({ blocks: 1 })
}
