import { readFile } from 'node:fs/promises'
import { concatHex, getContractAddress, keccak256, zeroHash } from 'viem'
import { describe, expect, it } from 'vitest'
import { costLines } from '../../ops/deployment/cost.ts'
import { CREATE2_DEPLOYER, planDeployment } from '../../ops/deployment/plan.ts'
import { readArtifact } from '../../ops/readArtifact.ts'
import { accountOf } from '../../tools/devnet/accounts.ts'
import { devnetTerms } from '../../tools/devnet/chain.ts'

const salt = keccak256('0x01')
const TREASURY = accountOf(1).address
const OWNER = accountOf(2).address
const MAX_REWARD = 1_000_500_000n
const USDC_ADDRESS = accountOf(3).address
const AGENT_REGISTRY_ADDRESS = accountOf(4).address

describe('planDeployment', () => {
  it('plans each missing contract at the address of its code, and passes the addresses to the market', () => {
    const { creations, contracts, build } = planDeployment(salt, { TREASURY, OWNER, MAX_REWARD })
    expect(creations.map(({ contract }) => contract)).toEqual([
      'MockUSDC',
      'AgentRegistry',
      'BountyMarket',
      'SignedFunding',
    ])
    for (const { contract, address, data, constructorArguments } of creations) {
      const bytecode = concatHex([readArtifact(contract).bytecode.object, constructorArguments])
      expect(data).toBe(concatHex([salt, bytecode]))
      expect(address).toBe(getContractAddress({ opcode: 'CREATE2', from: CREATE2_DEPLOYER, salt, bytecode }))
      expect(build.constructorArguments[contract]).toBe(constructorArguments)
    }
    const market = creations[2]
    expect(contracts).toMatchObject({ USDC: creations[0]?.address, AgentRegistry: creations[1]?.address })
    for (const address of [contracts.USDC, contracts.AgentRegistry, TREASURY, OWNER]) {
      expect(market?.constructorArguments).toContain(address.slice(2).toLowerCase())
    }
    expect(creations[3]?.constructorArguments).toContain(contracts.BountyMarket.slice(2).toLowerCase())
    expect(build.constructorArguments.AgentStaking).toContain(OWNER.slice(2).toLowerCase())
  })

  it('plans other addresses for another salt, other terms or other code, and for nothing else', () => {
    const marketOf = (...plan: Parameters<typeof planDeployment>) => planDeployment(...plan).contracts.BountyMarket
    const terms = { TREASURY, OWNER, MAX_REWARD }
    const market = marketOf(salt, terms)
    expect(marketOf(salt, { ...terms })).toBe(market)
    const others = [marketOf(zeroHash, terms), marketOf(salt, { ...terms, TREASURY: OWNER })]
    expect(new Set([market, ...others]).size).toBe(3)
  })

  it('plans no contract that is given, and lists the inputs that fix the deployment', () => {
    const { creations, contracts, fixed } = planDeployment(salt, {
      TREASURY,
      OWNER,
      MAX_REWARD,
      USDC_ADDRESS,
      AGENT_REGISTRY_ADDRESS,
    })
    expect(creations.map(({ contract }) => contract)).toEqual(['BountyMarket', 'SignedFunding'])
    expect(contracts).toMatchObject({ USDC: USDC_ADDRESS, AgentRegistry: AGENT_REGISTRY_ADDRESS })
    expect(fixed).toEqual({
      SALT: salt,
      TREASURY,
      OWNER,
      MAX_REWARD: '1000.5',
      USDC_ADDRESS,
      AGENT_REGISTRY_ADDRESS,
      'code of BountyMarket': keccak256(readArtifact('BountyMarket').bytecode.object),
      'code of SignedFunding': keccak256(readArtifact('SignedFunding').bytecode.object),
    })
  })

  it('plans a registrar for a given registry that registers its caller only', () => {
    const terms = { TREASURY, OWNER, MAX_REWARD, USDC_ADDRESS, AGENT_REGISTRY_ADDRESS }
    const { creations, contracts } = planDeployment(salt, terms, true)
    const [, funding, registrar] = creations
    expect([creations.length, funding?.contract, registrar?.contract]).toEqual([3, 'SignedFunding', 'AgentRegistrar'])
    expect(contracts.AgentRegistrar).toBe(registrar?.address)
    expect(registrar?.constructorArguments).toContain(AGENT_REGISTRY_ADDRESS.slice(2).toLowerCase())
  })

  it.each([
    ['USDC', USDC_ADDRESS],
    ['the registry', AGENT_REGISTRY_ADDRESS],
    ['BURN', '0x000000000000000000000000000000000000dEaD'],
  ] as const)('refuses %s as the treasury', (_, treasury) => {
    const terms = { TREASURY: treasury, OWNER, MAX_REWARD, USDC_ADDRESS, AGENT_REGISTRY_ADDRESS }
    expect(() => planDeployment(salt, terms)).toThrow(`TREASURY ${treasury} must not be`)
  })

  it('plans the market that README names, for a devnet', async () => {
    const { BountyMarket } = planDeployment(zeroHash, devnetTerms).contracts
    expect(await readFile('README.md', 'utf8')).toContain(
      `const market = { chainId: 31337, address: '${BountyMarket}' }`,
    )
  })
})

it('costLines adds up gas, execution fee, L1 fee and maximum, rounded up to a gwei', () => {
  const terms = { TREASURY, OWNER, MAX_REWARD, USDC_ADDRESS, AGENT_REGISTRY_ADDRESS }
  const [creation] = planDeployment(salt, terms).creations
  if (!creation) throw new Error('The plan is empty')
  const cost = { creation, gas: 1_234_567n, execution: 10n ** 15n, l1: 1n, most: 3n * 10n ** 15n }
  expect(costLines([cost, cost])).toEqual([
    'BountyMarket                1,234,567 gas  0.001 ETH + 0.000000001 ETH to L1, at most 0.003 ETH',
    'BountyMarket                1,234,567 gas  0.001 ETH + 0.000000001 ETH to L1, at most 0.003 ETH',
    'Total                       2,469,134 gas  0.002 ETH + 0.000000001 ETH to L1, at most 0.006 ETH',
  ])
})
