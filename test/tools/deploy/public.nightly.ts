import { readdir } from 'node:fs/promises'
import {
  type Address,
  createTestClient,
  encodeDeployData,
  getAddress,
  type Hash,
  type Hex,
  http,
  maxUint256,
  numberToHex,
  publicActions,
  type TypedDataDefinition,
  walletActions,
  zeroAddress,
} from 'viem'
import { base } from 'viem/chains'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { agentRegistryAbi } from '../../../abis/AgentRegistry.ts'
import { type Deployment, readDeployment, registrarOf } from '../../../core/deployment.ts'
import { claimTypedData } from '../../../core/market/claimMessage.ts'
import { readArtifact } from '../../../ops/readArtifact.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { returning } from '../../support/bytecode.ts'
import { contractsOf } from '../../support/contracts.ts'
import { runDeploy } from '../../support/deployCommand.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

const chainId = base.id
const treasury = accountOf(7).address
const owner = accountOf(8).address
const claimed = 3

let rpcUrl: string
let usdc: Address
let registry: Address
let registryBlock: bigint
beforeAll(async () => {
  const anvil = await startAnvil({ chainId })
  rpcUrl = anvil.rpcUrl
  usdc = await create('MockUSDC')
  registry = await create('ForeignRegistry')
  registryBlock = await client().getBlockNumber()
  await client().mine({ blocks: 9 })
  return anvil.stop
})

let directory: string
/** Another market in each test, on the same chain. */
let salt: Hex
let markets = 0
beforeEach(async () => {
  salt = numberToHex(++markets, { size: 32 })
  const { path, remove } = await temporaryDirectory()
  directory = path
  return remove
})

const client = () =>
  createTestClient({ mode: 'anvil', chain: base, transport: http(rpcUrl), cacheTime: 0, pollingInterval: 20 })
    .extend(publicActions)
    .extend(walletActions)

/** Deploys from another account, as Circle's token and the canonical registry are. */
async function create(contract: string): Promise<Address> {
  const data = encodeDeployData({ abi: [], bytecode: readArtifact(contract).bytecode.object })
  const hash = await client().sendTransaction({ account: accountOf(5), data })
  const { contractAddress } = await client().waitForTransactionReceipt({ hash })
  if (!contractAddress) throw new Error(`${contract} was not deployed: ${hash}`)
  return getAddress(contractAddress)
}

const deploy = (env: Record<string, string> = {}, args: string[] = ['--yes'], input?: string) =>
  runDeploy(
    ['--chain', String(chainId), '--salt', salt, ...args],
    {
      RPC_URL: rpcUrl,
      DEPLOYMENTS_DIR: directory,
      DEPLOYER_PRIVATE_KEY: keyOf(roles.deployer),
      TREASURY: treasury,
      OWNER: owner,
      USDC_ADDRESS: usdc,
      ...env,
    },
    input,
  )

const sent = () => client().getTransactionCount({ address: accountOf(roles.deployer).address })

it('deploys with an existing registry and USDC and without relayers, and a signed claim is won', async () => {
  const { exitCode, stdout, stderr } = await deploy({ AGENT_REGISTRY_ADDRESS: registry })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toContain(`Wrote ${directory}/8453.json`)
  expect((await readdir(directory)).sort()).toEqual(['8453.json', '8453.verification.json'])
  const deployment = readDeployment(chainId, directory)
  expect(deployment.contracts).toMatchObject({ USDC: usdc, AgentRegistry: registry })
  // This registry registers its caller only.
  expect(await client().getCode({ address: registrarOf(deployment) })).toBeDefined()
  expect(registrarOf(deployment)).not.toBe(registry)
  expect(stdout).toContain(`AgentRegistrar at ${registrarOf(deployment)}`)
  expect(deployment.startBlocks).toEqual({ AgentRegistry: Number(registryBlock) })
  expect(deployment.startBlock).toBeGreaterThan(Number(registryBlock))

  const { market, staking } = contractsOf({ rpcUrl, deployment })
  expect(await market.read.isRelayer([accountOf(roles.deployer).address])).toBe(false)
  expect([await market.read.TREASURY(), await staking.read.owner()]).toEqual([treasury, owner])
  expect(await claimBySignature(deployment)).toMatchObject({
    state: claimed,
    agentId: 0,
    wallet: accountOf(2).address,
  })
})

it('deploys our registry if none is given, and no second market on the next run', async () => {
  expect(await deploy()).toMatchObject({ exitCode: 0, stderr: '' })
  const first = readDeployment(chainId, directory)
  expect(first.contracts.AgentRegistry).not.toBe(registry)
  expect(first.contracts.AgentRegistrar).toBeUndefined()
  const before = await sent()
  expect((await deploy()).stderr).toBe(
    `${directory}/8453.json exists. Move it away to deploy a second market on chain 8453.`,
  )
  expect([readDeployment(chainId, directory), await sent()]).toEqual([first, before])
})

describe('before it sends a transaction', () => {
  it('shows the cost of each transaction and the total in ETH, and asks', async () => {
    const before = await sent()
    const { exitCode, stdout, stderr } = await deploy({}, [], 'no\n')
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'Nothing was sent: answer yes, or pass --yes' })
    const amount = '0\\.\\d+ ETH, at most 0\\.\\d+ ETH'
    for (const what of ['AgentRegistry', 'BountyMarket', 'SignedFunding', 'Total']) {
      expect(stdout).toMatch(new RegExp(`^${what} +[\\d,]+ gas  ${amount}$`, 'm'))
    }
    expect(stdout).toContain(
      `SALT: ${salt}\nTREASURY: ${treasury}\nOWNER: ${owner}\nMAX_REWARD: 1000000000\nUSDC_ADDRESS: ${usdc}`,
    )
    expect(await deploy({}, [], '')).toMatchObject({ exitCode: 1 })
    expect([await sent(), await readdir(directory)]).toEqual([before, []])
    expect(await deploy({}, [], 'yes\n')).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it('adds the L1 fee and the operator fee of an OP-stack chain', async () => {
    // The oracle's answer to every call: for each transaction, both its L1 fee and its operator fee.
    const fee = 10n ** 14n
    const address = '0x420000000000000000000000000000000000000F'
    await client().setCode({ address, bytecode: returning(fee) })
    const { stdout } = await deploy({}, [], 'no\n')
    await client().setCode({ address, bytecode: '0x' })
    expect(stdout).toMatch(/^BountyMarket .* \+ 0\.0002 ETH to L1, at most /m)
    expect(stdout).toMatch(/^Total .* \+ 0\.0006 ETH to L1, at most /m)
  })

  it('refuses to deploy without USDC_ADDRESS', async () => {
    const { exitCode, stderr } = await deploy({ USDC_ADDRESS: '' })
    expect([exitCode, stderr]).toEqual([1, 'USDC_ADDRESS is missing: a MockUSDC is for chain 31337, not 8453'])
  })

  it('refuses a relayer', async () => {
    const { exitCode, stderr } = await deploy({ RELAYER_PRIVATE_KEY: keyOf(9) })
    const names = `RELAYER_PRIVATE_KEY names ${accountOf(9).address}`
    expect([exitCode, stderr]).toEqual([1, `Relayers are for chain 31337, not 8453; ${names}`])
    expect(await readdir(directory)).toEqual([])
  })
})

/** Posts a run, and a third party claims it for the agent's wallet with nothing but that wallet's signature. */
async function claimBySignature(deployment: Deployment) {
  const { market, staking, usdc: token } = contractsOf({ rpcUrl, deployment })
  const poster = accountOf(1)
  const agent = accountOf(2)
  const anyone = accountOf(3)
  const { timestamp } = await client().getBlock()
  const register = { abi: agentRegistryAbi, functionName: 'register', args: ['ipfs://agent'] } as const
  await mined(client().writeContract({ ...register, address: registry, account: agent, chain: base }))
  for (const [spender, { address }] of [
    [deployment.contracts.BountyMarket, poster],
    [deployment.contracts.AgentStaking, agent],
  ] as const) {
    await mined(token.write.mint([address, 1_000_000_000n]))
    await mined(token.write.approve([spender, maxUint256], { account: address }))
  }
  await mined(staking.write.stake([0n, 20_000_000n], { account: agent.address }))
  const args = ['ipfs://work', 100_000_000n, timestamp + 86_400n, defaultTerms] as const
  await mined(market.write.postBounty(args, { account: poster.address }))
  const terms = { reward: 100_000_000n, stake: 10_000_000n, workPeriod: 604_800n, evaluator: zeroAddress }
  const claim = { bountyId: 1n, agentId: 0n, wallet: agent.address, round: 1n, ...terms }
  const deadline = timestamp + 900n
  const typedData = claimTypedData({ chainId, address: market.address }, claim, deadline) as TypedDataDefinition
  const signature = await agent.signTypedData(typedData)
  const signed = [1n, 0n, agent.address, deadline, signature] as const
  await mined(market.write.claimBountyWithSig(signed, { account: anyone.address }))
  return market.read.getBounty([1n])
}

async function mined(transaction: Promise<Hash>) {
  const { status, transactionHash } = await client().waitForTransactionReceipt({ hash: await transaction })
  if (status !== 'success') throw new Error(`Reverted: ${transactionHash}`)
}
