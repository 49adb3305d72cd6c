import { getContractAddress, keccak256 } from 'viem'
import { describe, expect, it } from 'vitest'
import { costLines } from '../../ops/deployment/cost.ts'
import { planDeployment } from '../../ops/deployment/plan.ts'
import { readArtifact } from '../../ops/readArtifact.ts'
import { accountOf } from '../../tools/devnet/accounts.ts'

const deployer = accountOf(0).address
const TREASURY = accountOf(1).address
const OWNER = accountOf(2).address
const MAX_REWARD = 1_000_500_000n
const USDC_ADDRESS = accountOf(3).address
const AGENT_REGISTRY_ADDRESS = accountOf(4).address

describe('planDeployment', () => {
  it('plans each missing contract at its own nonce, and passes their addresses to the market', () => {
    const { creations, contracts } = planDeployment(deployer, 7, { TREASURY, OWNER, MAX_REWARD })
    expect(creations.map(({ contract, nonce }) => [contract, nonce])).toEqual([
      ['MockUSDC', 7],
      ['AgentRegistry', 8],
      ['BountyMarket', 9],
      ['SignedFunding', 10],
    ])
    for (const { address, nonce } of creations) {
      expect(address).toBe(getContractAddress({ from: deployer, nonce: BigInt(nonce) }))
    }
    const market = creations[2]
    expect(contracts).toMatchObject({ USDC: creations[0]?.address, AgentRegistry: creations[1]?.address })
    for (const address of [contracts.USDC, contracts.AgentRegistry, TREASURY, OWNER]) {
      expect(market?.constructorArguments).toContain(address.slice(2).toLowerCase())
    }
    expect(creations[3]?.constructorArguments).toContain(contracts.BountyMarket.slice(2).toLowerCase())
    expect(market?.initCode).toBe(
      `${readArtifact('BountyMarket').bytecode.object}${market?.constructorArguments.slice(2)}`,
    )
  })

  it('plans no contract that is given, and lists the inputs that fix the deployment', () => {
    const { creations, contracts, fixed } = planDeployment(deployer, 0, {
      TREASURY,
      OWNER,
      MAX_REWARD,
      USDC_ADDRESS,
      AGENT_REGISTRY_ADDRESS,
    })
    expect(creations.map(({ contract }) => contract)).toEqual(['BountyMarket', 'SignedFunding'])
    expect(contracts).toMatchObject({ USDC: USDC_ADDRESS, AgentRegistry: AGENT_REGISTRY_ADDRESS })
    expect(fixed).toEqual({
      DEPLOYER: deployer,
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
    const { creations, contracts } = planDeployment(deployer, 3, terms, true)
    const [, funding, registrar] = creations
    expect([creations.length, funding?.contract, registrar?.contract]).toEqual([3, 'SignedFunding', 'AgentRegistrar'])
    expect(contracts.AgentRegistrar).toBe(getContractAddress({ from: deployer, nonce: 5n }))
    expect(registrar?.constructorArguments).toContain(AGENT_REGISTRY_ADDRESS.slice(2).toLowerCase())
  })

  it.each([
    ['USDC', USDC_ADDRESS],
    ['BURN', '0x000000000000000000000000000000000000dEaD'],
    ['the market', getContractAddress({ from: deployer, nonce: 5n })],
    [
      'its staking contract',
      getContractAddress({ from: getContractAddress({ from: deployer, nonce: 5n }), nonce: 1n }),
    ],
  ] as const)('refuses %s as the treasury', (_, treasury) => {
    const terms = { TREASURY: treasury, OWNER, MAX_REWARD, USDC_ADDRESS, AGENT_REGISTRY_ADDRESS }
    expect(() => planDeployment(deployer, 5, terms)).toThrow(`TREASURY ${treasury} must not be`)
  })
})

it('costLines adds up gas, execution fee, L1 fee and maximum, rounded up to a gwei', () => {
  const terms = { TREASURY, OWNER, MAX_REWARD, USDC_ADDRESS, AGENT_REGISTRY_ADDRESS }
  const [creation] = planDeployment(deployer, 3, terms).creations
  if (!creation) throw new Error('The plan is empty')
  const cost = { creation, gas: 1_234_567n, execution: 10n ** 15n, l1: 1n, most: 3n * 10n ** 15n }
  expect(costLines([cost, cost])).toEqual([
    'BountyMarket, nonce 3       1,234,567 gas  0.001 ETH + 0.000000001 ETH to L1, at most 0.003 ETH',
    'BountyMarket, nonce 3       1,234,567 gas  0.001 ETH + 0.000000001 ETH to L1, at most 0.003 ETH',
    'Total                       2,469,134 gas  0.002 ETH + 0.000000001 ETH to L1, at most 0.006 ETH',
  ])
})
