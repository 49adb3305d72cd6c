import { readdir } from 'node:fs/promises'
import {
  type Address,
  createPublicClient,
  createTestClient,
  getContract,
  type Hex,
  http,
  numberToHex,
  publicActions,
  toFunctionSelector,
} from 'viem'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { agentStakingAbi } from '../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { signedFundingAbi } from '../../../abis/SignedFunding.ts'
import { readDeployment } from '../../../core/deployment.ts'
import { CREATE2_DEPLOYER } from '../../../ops/deployment/plan.ts'
import { writeDeployment } from '../../../ops/writeDeployment.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { returning, returningFor } from '../../support/bytecode.ts'
import { runDeploy } from '../../support/deployCommand.ts'
import { refusals, startSourcify } from '../../support/sourcify.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

const treasury = accountOf(7).address
const owner = accountOf(8).address
const relayer = accountOf(9)
const burn = '0x000000000000000000000000000000000000dEaD'

let rpcUrl: string
beforeAll(async () => {
  const anvil = await startAnvil()
  rpcUrl = anvil.rpcUrl
  return anvil.stop
})

let directory: string
/** Another market in each test, on the same chain. */
let salt: Hex
let markets = 0
const nextSalt = () => numberToHex(++markets, { size: 32 })
beforeEach(async () => {
  salt = nextSalt()
  const { path, remove } = await temporaryDirectory()
  directory = path
  return remove
})

const deploy = (chain: string | undefined, env: Record<string, string> = {}, args: string[] = []) =>
  runDeploy([...(chain === undefined ? [] : ['--chain', chain]), '--salt', salt, ...args], {
    RPC_URL: rpcUrl,
    DEPLOYMENTS_DIR: directory,
    DEPLOYER_PRIVATE_KEY: keyOf(roles.deployer),
    TREASURY: treasury,
    OWNER: owner,
    ...env,
  })

function contractsAt(url: string, { BountyMarket, AgentStaking }: ReturnType<typeof readDeployment>['contracts']) {
  const client = createPublicClient({ transport: http(url) })
  return {
    client,
    market: getContract({ address: BountyMarket, abi: bountyMarketAbi, client }),
    staking: getContract({ address: AgentStaking, abi: agentStakingAbi, client }),
  }
}

describe('on a devnet', () => {
  it('deploys all contracts, with the accounts that the environment names', async () => {
    const { exitCode, stdout } = await deploy('31337', { RELAYER_PRIVATE_KEY: keyOf(9), MAX_REWARD: '5000.5' })
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`Wrote ${directory}/31337.json`)
    const { contracts, startBlock, maxReward } = readDeployment(31337, directory)
    const { client, market, staking } = contractsAt(rpcUrl, contracts)
    expect(await market.read.USDC()).toBe(contracts.USDC)
    expect(await market.read.REGISTRY()).toBe(contracts.AgentRegistry)
    expect(await market.read.STAKING()).toBe(contracts.AgentStaking)
    expect(await market.read.TREASURY()).toBe(treasury)
    expect(await staking.read.owner()).toBe(owner)
    expect([await market.read.MAX_REWARD(), maxReward]).toEqual([5_000_500_000n, '5000500000'])
    const funding = { address: contracts.SignedFunding, abi: signedFundingAbi }
    expect(await client.readContract({ ...funding, functionName: 'MARKET' })).toBe(contracts.BountyMarket)
    expect(await market.read.isRelayer([relayer.address])).toBe(true)
    const before = await client.getCode({ address: contracts.BountyMarket, blockNumber: BigInt(startBlock - 1) })
    expect(before).toBeUndefined()
    expect(await client.getCode({ address: contracts.BountyMarket, blockNumber: BigInt(startBlock) })).toBeDefined()
  })

  it('uses an existing USDC and registry, and finds the registry’s first block', async () => {
    await deploy('31337')
    const first = readDeployment(31337, directory)
    const { USDC, AgentRegistry } = first.contracts
    const existing = { USDC_ADDRESS: USDC, AGENT_REGISTRY_ADDRESS: AgentRegistry }
    const { exitCode } = await deploy('31337', existing, ['--salt', nextSalt()])
    expect(exitCode).toBe(0)
    const second = readDeployment(31337, directory)
    expect(second.contracts).toMatchObject({ USDC, AgentRegistry })
    expect(second.contracts.BountyMarket).not.toBe(first.contracts.BountyMarket)
    expect(second.startBlocks?.AgentRegistry).toBe(first.startBlocks?.AgentRegistry)
    expect(second.startBlock).toBeGreaterThan(first.startBlock)
  })
})

/** As bytecode has it. */
const of = (account: Address) => account.slice(2).toLowerCase()

describe('--check', () => {
  const check = () => runDeploy(['--check', '31337'], { RPC_URL: rpcUrl, DEPLOYMENTS_DIR: directory })
  const chain = () => createTestClient({ mode: 'anvil', transport: http(rpcUrl) }).extend(publicActions)

  it('finds code, immutables and addresses of the build, and what differs', async () => {
    await deploy('31337')
    const deployment = readDeployment(31337, directory)
    const { exitCode, stdout } = await check()
    const expected = Object.entries(deployment.contracts).map(
      ([name, address]) =>
        `${name === 'USDC' ? 'MockUSDC' : name} at ${address}: code and immutables are of this build`,
    )
    expect([exitCode, stdout.split('\n').sort()]).toEqual([0, expected.sort()])

    // The market's treasury is an immutable.
    const { BountyMarket, AgentStaking } = deployment.contracts
    const code = await chain().getCode({ address: BountyMarket })
    expect(code).toContain(of(treasury))
    await chain().setCode({ address: BountyMarket, bytecode: code?.replaceAll(of(treasury), of(owner)) as Hex })
    await chain().setCode({ address: AgentStaking, bytecode: '0x' })
    const changed = await check()
    expect([changed.exitCode, changed.stderr]).toEqual([1, 'The contracts are not of this build'])
    expect(changed.stdout).toContain(`BountyMarket at ${BountyMarket}: the code or an immutable is not of this build`)
    expect(changed.stdout).toContain(`AgentStaking at ${AgentStaking}: there is no code`)
    expect(changed.stdout.match(/are of this build$/gm)).toHaveLength(3)
  })

  it('finds a deployment file that names other arguments or another salt', async () => {
    await deploy('31337')
    const { build, ...deployment } = readDeployment(31337, directory)
    const { BountyMarket } = deployment.contracts
    const elsewhere = new RegExp(
      `^BountyMarket at ${BountyMarket}: this build, with its arguments and its salt, is at`,
      'm',
    )
    if (!build) throw new Error('The deployment file names no build')
    writeDeployment({ ...deployment, build: { ...build, salt: nextSalt() } }, directory)
    expect(await check()).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(elsewhere) })
    const args = build.constructorArguments.BountyMarket?.replace(of(treasury), of(owner)) as Hex
    const constructorArguments = { ...build.constructorArguments, BountyMarket: args }
    writeDeployment({ ...deployment, build: { ...build, constructorArguments } }, directory)
    expect(await check()).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(elsewhere) })
    writeDeployment(deployment, directory)
    expect(await check()).toMatchObject({
      exitCode: 1,
      stderr: 'The deployment of chain 31337 has no `build`: it cannot be checked',
    })
  })
})

describe('--verify', () => {
  it('sends the sources of each contract to Sourcify, after the deployment or later', async () => {
    // The API has too many requests once.
    const sourcify = await startSourcify({
      refusalOf: (contract, attempt) =>
        contract.endsWith(':AgentRegistry') && attempt === 1 ? refusals.too_many_requests : undefined,
    })
    const first = await deploy('31337', { SOURCIFY_URL: `${sourcify.url}/` }, ['--verify'])
    await sourcify.stop()
    expect(first).toMatchObject({ exitCode: 0, stderr: '' })
    const { contracts } = readDeployment(31337, directory)
    const verified = Object.entries(contracts).map(([name, address]) => {
      const source = name === 'USDC' ? 'mocks/MockUSDC.sol:MockUSDC' : `${name}.sol:${name}`
      return `contracts/${source} at ${address} is verified`
    })
    expect(
      first.stdout
        .split('\n')
        .filter((line) => line.endsWith(' is verified'))
        .sort(),
    ).toEqual(verified.sort())
    expect(sourcify.submitted.map(({ chainId, address }) => [chainId, address]).sort()).toEqual(
      Object.values(contracts)
        .map((address) => ['31337', address])
        .sort(),
    )

    const later = await startSourcify({
      refusalOf: (contract) => (contract.endsWith(':SignedFunding') ? undefined : refusals.already_verified),
    })
    const again = await runDeploy(['--chain', '31337', '--verify'], {
      DEPLOYMENTS_DIR: directory,
      SOURCIFY_URL: later.url,
    })
    await later.stop()
    expect(again).toMatchObject({ exitCode: 0, stderr: '' })
    expect(again.stdout.match(/ is verified already$/gm)).toHaveLength(4)
    expect(later.submitted).toHaveLength(1)
  }, 60_000)

  it.each([
    [
      'refuses the chain',
      { refusalOf: () => refusals.unsupported_chain },
      'chainId 31337 is not supported (unsupported_chain)',
    ],
    [
      'finds other code',
      { errorOf: () => ({ customCode: 'no_match', message: `The onchain and recompiled bytecodes don't match.` }) },
      `bytecodes don't match. (no_match)`,
    ],
  ])('fails where Sourcify %s', async (_, faults, reason) => {
    await deploy('31337')
    const sourcify = await startSourcify(faults)
    const options = { DEPLOYMENTS_DIR: directory, SOURCIFY_URL: sourcify.url }
    const { exitCode, stderr } = await runDeploy(['--chain', '31337', '--verify'], options)
    await sourcify.stop()
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/^Sourcify does not verify contracts\/.* at 0x\w{40}: /),
    ])
    expect(stderr).toContain(reason)
  })

  it('fails where Sourcify does not answer', async () => {
    await deploy('31337')
    const options = { DEPLOYMENTS_DIR: directory, SOURCIFY_URL: 'http://127.0.0.1:9' }
    const { exitCode, stderr } = await runDeploy(['--chain', '31337', '--verify'], options)
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^SOURCIFY_URL does not answer/)])
  })
})

describe('refuses, without a transaction,', () => {
  const refusals: [why: string, chain: string | undefined, env: Record<string, string>, stderr: string][] = [
    [
      'no chain',
      undefined,
      {},
      '--chain must be one of 8453 (Base), 31337 (devnet), 84532 (Base Sepolia), got nothing',
    ],
    ['an unsupported chain', '1', {}, '84532 (Base Sepolia), got 1'],
    ['a chain that is no number', 'toString', {}, '84532 (Base Sepolia), got toString'],
    ['a chain other than the endpoint’s', '8453', {}, 'RPC_URL serves chain 31337, not chain 8453'],
    ['an endpoint that does not answer', '31337', { RPC_URL: 'http://127.0.0.1:9' }, 'RPC_URL does not answer'],
    ['no treasury', '31337', { TREASURY: '' }, 'TREASURY: is missing'],
    ['the burn address as treasury', '31337', { TREASURY: burn }, `TREASURY ${burn} must not be the market`],
    ['a largest reward of nothing', '31337', { MAX_REWARD: '0' }, 'MAX_REWARD: must be from 0.01 to 1000000000'],
    ['a malformed key', '31337', { DEPLOYER_PRIVATE_KEY: 'secret' }, 'DEPLOYER_PRIVATE_KEY: must be 0x and 64'],
    [
      'a USDC that is not a contract',
      '31337',
      { USDC_ADDRESS: treasury },
      `USDC_ADDRESS ${treasury} is not a contract`,
    ],
    [
      'a registry that is not a contract',
      '31337',
      { AGENT_REGISTRY_ADDRESS: treasury },
      `AGENT_REGISTRY_ADDRESS ${treasury} is not a contract`,
    ],
    [
      'a deployer without funds',
      '31337',
      { DEPLOYER_PRIVATE_KEY: `0x${'7'.repeat(64)}` },
      'has 0 ETH; the deployment may take 0.0',
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

  it('a malformed salt, and a chain without the CREATE2 deployer', async () => {
    expect((await deploy('31337', {}, ['--salt', '0x12'])).stderr).toBe(
      '--salt must be 0x and 64 hexadecimal digits, got 0x12',
    )
    const chain = createTestClient({ mode: 'anvil', transport: http(rpcUrl) }).extend(publicActions)
    const bytecode = await chain.getCode({ address: CREATE2_DEPLOYER })
    await chain.setCode({ address: CREATE2_DEPLOYER, bytecode: '0x' })
    const { stderr } = await deploy('31337')
    await chain.setCode({ address: CREATE2_DEPLOYER, bytecode: bytecode as Hex })
    expect(stderr).toContain(`Chain 31337 has no CREATE2 deployer at ${CREATE2_DEPLOYER}`)
  })

  it('a USDC and a registry with the code of other contracts', async () => {
    await deploy('31337')
    const { USDC, BountyMarket } = readDeployment(31337, directory).contracts
    const refusedUsdc = async (address: Address) => (await deploy('31337', { USDC_ADDRESS: address })).stderr
    const refusedRegistry = async (address: Address) =>
      (await deploy('31337', { AGENT_REGISTRY_ADDRESS: address })).stderr
    expect(await refusedUsdc(BountyMarket)).toContain(
      `USDC_ADDRESS ${BountyMarket} is not an ERC-20 token with 6 decimals: decimals() does not answer`,
    )
    expect(await refusedRegistry(USDC)).toContain(
      `AGENT_REGISTRY_ADDRESS ${USDC} is not an ERC-8004 registry: getAgentWallet(uint256) does not answer`,
    )
    const client = createTestClient({ mode: 'anvil', transport: http(rpcUrl) })
    await client.setCode({ address: BountyMarket, bytecode: returning(18n) })
    expect(await refusedUsdc(BountyMarket)).toContain('is not an ERC-20 token with 6 decimals: decimals() is 18')
    // As a bridged token.
    await client.setCode({ address: BountyMarket, bytecode: returningFor(toFunctionSelector('decimals()'), 6n) })
    expect(await refusedUsdc(BountyMarket)).toBe(
      `USDC_ADDRESS ${BountyMarket} has no version(): the relay makes no post, stake, withdrawal or registration. ` +
        `USDC_ADDRESS ${BountyMarket} has no receiveWithAuthorization(…, bytes): no signature pays a post or a stake, ` +
        'so accounts need ether for both. ' +
        '--allow-token deploys with it anyway',
    )
  })
})
