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
  toFunctionSelector,
  walletActions,
  zeroAddress,
} from 'viem'
import { base } from 'viem/chains'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { agentRegistryAbi } from '../../../abis/AgentRegistry.ts'
import { type Deployment, readDeployment, registrarOf } from '../../../core/deployment.ts'
import { claimTypedData } from '../../../core/market/claimMessage.ts'
import { prepareDeployment } from '../../../ops/deploy.ts'
import { readArtifact } from '../../../ops/readArtifact.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { returning, returningFor } from '../../support/bytecode.ts'
import { deployCircleUsdc } from '../../support/circleUsdc.ts'
import { contractsOf, copyCode } from '../../support/contracts.ts'
import { runDeploy } from '../../support/deployCommand.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

const chainId = base.id
const treasury = accountOf(7).address
const owner = accountOf(8).address
const claimed = 3
/** Answers `decimals()` alone. */
const bridgedToken = returningFor(toFunctionSelector('decimals()'), 6n)

let rpcUrl: string
let usdc: Address
let registry: Address
let registryBlock: bigint
beforeAll(async () => {
  const anvil = await startAnvil({ chainId })
  rpcUrl = anvil.rpcUrl
  usdc = await deployCircleUsdc(rpcUrl, '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913')
  registry = '0x8004A169FB4a3325136EB29fA0ceB6D2e539a432'
  registryBlock = 1n + (await client().getBlockNumber())
  await copyCode(client(), await create('ForeignRegistry'), registry)
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
      ...env,
    },
    input,
  )

const sent = () => client().getTransactionCount({ address: accountOf(roles.deployer).address })

it('deploys with the canonical registry, Circle’s USDC and no relayers, and a signed claim is won', async () => {
  const { exitCode, stdout, stderr } = await deploy()
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

it('deploys our registry with --own-registry, and no second market on the next run', async () => {
  const { exitCode, stdout, stderr } = await deploy({}, ['--yes', '--own-registry'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toContain(
    `--own-registry: this market does not know the agents of ${registry}, the ERC-8004 registry of Base. ` +
      'They register again, with other ids, and their reputation elsewhere is not of these ids',
  )
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
    const { exitCode, stdout, stderr } = await deploy({}, ['--own-registry'], 'no\n')
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

  it('refuses a token that is not Circle’s USDC, unless --allow-token takes it', async () => {
    const copy = await deployCircleUsdc(rpcUrl)
    expect(await deploy({ USDC_ADDRESS: copy })).toMatchObject({
      exitCode: 1,
      stderr: `USDC_ADDRESS ${getAddress(copy)} is not ${usdc}, Circle’s USDC on Base. --allow-token deploys with it anyway`,
    })
    expect(await readdir(directory)).toEqual([])
    const token = await create('MockUSDC')
    await client().setCode({ address: token, bytecode: bridgedToken })
    const { exitCode, stdout, stderr } = await deploy({ USDC_ADDRESS: token }, ['--allow-token'], 'no\n')
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'Nothing was sent: answer yes, or pass --yes' })
    expect(stdout).toContain(`--allow-token: USDC_ADDRESS ${token} is not ${usdc}, Circle’s USDC on Base\n`)
    expect(stdout).toContain(`--allow-token: USDC_ADDRESS ${token} has no version(): `)
    expect(stdout).toContain(`--allow-token: USDC_ADDRESS ${token} has no receiveWithAuthorization(…, bytes): `)
  })

  it('deploys no MockUSDC', async () => {
    const terms = { TREASURY: treasury, OWNER: owner, MAX_REWARD: 1_000_000n, AGENT_REGISTRY_ADDRESS: registry }
    await expect(prepareDeployment({ rpcUrl, chainId, account: accountOf(roles.deployer), ...terms })).rejects.toThrow(
      'USDC_ADDRESS is missing: a MockUSDC is for chain 31337, not 8453',
    )
  })

  it('refuses --own-registry beside AGENT_REGISTRY_ADDRESS', async () => {
    const { exitCode, stderr } = await deploy({ AGENT_REGISTRY_ADDRESS: registry }, ['--own-registry'])
    expect([exitCode, stderr]).toEqual([
      1,
      `--own-registry and AGENT_REGISTRY_ADDRESS (${registry}) exclude each other: leave one out`,
    ])
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
