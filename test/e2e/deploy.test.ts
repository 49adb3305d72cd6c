import { readdir, readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { type Address, createPublicClient, createWalletClient, getAddress, getContract, http, zeroAddress } from 'viem'
import { waitForTransactionReceipt } from 'viem/actions'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../abis/MockUSDC.ts'
import { accountOf, keyOf, roles } from '../../devnet/accounts.ts'
import { startAnvil } from '../../devnet/anvil.ts'
import { deploy as deployMarket } from '../../ops/deploy.ts'
import { readDeployment } from '../../src/api/deployment.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

const treasury = accountOf(7).address
const owner = accountOf(8).address
const relayer = accountOf(9)

let rpcUrl: string
beforeAll(async () => {
  const anvil = await startAnvil()
  rpcUrl = anvil.rpcUrl
  return anvil.stop
})

let directory: string
beforeEach(async () => {
  const { path, remove } = await temporaryDirectory()
  directory = path
  return remove
})

/** `npm run deploy -- --chain <chain>`, with an environment that suits the devnet but for what is given. */
async function deploy(chain: string | undefined, env: Record<string, string> = {}) {
  const { exitCode, stdout, stderr } = await execa({
    reject: false,
    env: {
      RPC_URL: rpcUrl,
      DEPLOYMENTS_DIR: directory,
      DEPLOYER_PRIVATE_KEY: keyOf(roles.deployer),
      TREASURY: treasury,
      OWNER: owner,
      ...env,
    },
  })(process.execPath, ['ops/deployCommand.ts', ...(chain === undefined ? [] : ['--chain', chain])])
  return { exitCode, stdout, stderr }
}

function contractsAt(url: string, { BountyMarket, AgentStaking }: ReturnType<typeof readDeployment>['contracts']) {
  const client = createPublicClient({ transport: http(url) })
  return {
    client,
    market: getContract({ address: BountyMarket, abi: bountyMarketAbi, client }),
    staking: getContract({ address: AgentStaking, abi: agentStakingAbi, client }),
  }
}

describe('on a devnet', () => {
  it('deploys everything, for the accounts that the environment names', async () => {
    const { exitCode, stdout } = await deploy('31337', { RELAYER_PRIVATE_KEY: keyOf(9) })
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`Wrote ${directory}/31337.json`)
    const { contracts, startBlock } = readDeployment(31337, directory)
    const { client, market, staking } = contractsAt(rpcUrl, contracts)
    expect(await market.read.USDC()).toBe(contracts.USDC)
    expect(await market.read.REGISTRY()).toBe(contracts.AgentRegistry)
    expect(await market.read.STAKING()).toBe(contracts.AgentStaking)
    expect(await market.read.TREASURY()).toBe(treasury)
    expect(await staking.read.owner()).toBe(owner)
    const role = await market.read.RELAYER_ROLE()
    expect(await market.read.hasRole([role, relayer.address])).toBe(true)
    const before = await client.getCode({ address: contracts.BountyMarket, blockNumber: BigInt(startBlock - 1) })
    expect(before).toBeUndefined()
    expect(await client.getCode({ address: contracts.BountyMarket, blockNumber: BigInt(startBlock) })).toBeDefined()
  })

  it('takes a USDC and a registry that are there, and finds the registry’s first block', async () => {
    await deploy('31337')
    const first = readDeployment(31337, directory)
    const { USDC, AgentRegistry } = first.contracts
    const { exitCode } = await deploy('31337', { USDC_ADDRESS: USDC, AGENT_REGISTRY_ADDRESS: AgentRegistry })
    expect(exitCode).toBe(0)
    const second = readDeployment(31337, directory)
    expect(second.contracts).toMatchObject({ USDC, AgentRegistry })
    expect(second.contracts.BountyMarket).not.toBe(first.contracts.BountyMarket)
    expect(second.startBlocks?.AgentRegistry).toBe(first.startBlocks?.AgentRegistry)
    expect(second.startBlock).toBeGreaterThan(first.startBlock)
  })
})

describe('on a public chain', () => {
  const chainId = 84532
  let publicUrl: string
  beforeAll(async () => {
    const anvil = await startAnvil({ chainId })
    publicUrl = anvil.rpcUrl
    return anvil.stop
  })

  it('wants the chain’s USDC', async () => {
    const { exitCode, stderr } = await deploy(String(chainId), { RPC_URL: publicUrl })
    expect(exitCode).toBe(1)
    expect(stderr).toBe('USDC_ADDRESS is missing: a MockUSDC is for chain 31337, not 84532')
  })

  it('makes nobody a relayer, and never overwrites a deployment', async () => {
    const usdc = await deployMockUsdc(publicUrl)
    const env = { RPC_URL: publicUrl, USDC_ADDRESS: usdc, RELAYER_PRIVATE_KEY: keyOf(9) }
    expect(await deploy(String(chainId), env)).toMatchObject({ exitCode: 0, stderr: '' })
    const { contracts } = readDeployment(chainId, directory)
    const { market } = contractsAt(publicUrl, contracts)
    expect(contracts.USDC).toBe(usdc)
    expect(await market.read.hasRole([await market.read.RELAYER_ROLE(), relayer.address])).toBe(false)

    const again = await deploy(String(chainId), env)
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`${directory}/84532.json exists`) })
    expect(readDeployment(chainId, directory).contracts).toEqual(contracts)
  })

  it('refuses relayers', async () => {
    const usdc = await deployMockUsdc(publicUrl)
    const account = accountOf(roles.deployer)
    const relayers = [relayer.address]
    await expect(
      deployMarket({ rpcUrl: publicUrl, chainId, account, treasury, owner, usdc, relayers }),
    ).rejects.toThrow(`Relayers are for chain 31337, not 84532: ${relayer.address}`)
  })
})

describe('refuses, and sends nothing', () => {
  const refusals: [why: string, chain: string | undefined, env: Record<string, string>, stderr: string][] = [
    ['no chain', undefined, {}, '--chain must be a chain id, got nothing'],
    ['a chain that is no number', 'base', {}, '--chain must be a chain id, got base'],
    ['another chain than the endpoint’s', '8453', {}, 'RPC_URL serves chain 31337, not chain 8453'],
    ['an endpoint that does not answer', '31337', { RPC_URL: 'http://127.0.0.1:9' }, 'RPC_URL does not answer'],
    ['no treasury', '31337', { TREASURY: '' }, 'TREASURY: is missing'],
    ['the zero treasury', '31337', { TREASURY: zeroAddress }, 'TREASURY: must not be the zero address'],
    ['the zero owner', '31337', { OWNER: zeroAddress }, 'OWNER: must not be the zero address'],
    ['a malformed owner', '31337', { OWNER: '0x12' }, 'OWNER: must be an address'],
    ['a wrong checksum', '31337', { OWNER: treasury.replace('a', 'A') }, 'OWNER: must be an address'],
    ['a malformed key', '31337', { DEPLOYER_PRIVATE_KEY: 'secret' }, 'DEPLOYER_PRIVATE_KEY: must be 0x and 64'],
    ['a USDC that is no contract', '31337', { USDC_ADDRESS: treasury }, `USDC_ADDRESS ${treasury} is not a contract`],
    [
      'a registry that is no contract',
      '31337',
      { AGENT_REGISTRY_ADDRESS: treasury },
      `AGENT_REGISTRY_ADDRESS ${treasury} is not a contract`,
    ],
  ]

  it.each(refusals)('%s', async (_, chain, env, expected) => {
    const client = createPublicClient({ transport: http(rpcUrl), cacheTime: 0 })
    const block = await client.getBlockNumber()
    const { exitCode, stderr } = await deploy(chain, env)
    expect(exitCode).toBe(1)
    expect(stderr).toContain(expected)
    expect(stderr).not.toContain('secret')
    expect(await client.getBlockNumber()).toBe(block)
    expect(await readdir(directory)).toEqual([])
  })
})

async function deployMockUsdc(url: string): Promise<Address> {
  const transport = http(url)
  const wallet = createWalletClient({ account: accountOf(roles.deployer), transport })
  const { bytecode } = JSON.parse(await readFile('out/MockUSDC.sol/MockUSDC.json', 'utf8'))
  const hash = await wallet.deployContract({ abi: mockUsdcAbi, bytecode: bytecode.object, chain: null })
  const { contractAddress } = await waitForTransactionReceipt(wallet, { hash, pollingInterval: 50 })
  if (!contractAddress) throw new Error(`MockUSDC was not deployed: ${hash}`)
  return getAddress(contractAddress)
}
