import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readDeployment, registrarOf } from '../../core/deployment.ts'

const directory = mkdtempSync(join(tmpdir(), 'runline-deployments-'))

afterAll(() => rmSync(directory, { recursive: true }))

const address = '0x5fbdb2315678afecb367f032d93f642f64180aa3'
const deployment = {
  chainId: 31337,
  startBlock: 7,
  contracts: {
    USDC: address,
    AgentRegistry: address,
    AgentStaking: address,
    BountyMarket: address,
    SignedFunding: address,
  },
  maxReward: '1000000',
}

function read(content: unknown, chainId = 31337) {
  writeFileSync(join(directory, '31337.json'), typeof content === 'string' ? content : JSON.stringify(content))
  return readDeployment(chainId, directory)
}

describe('readDeployment', () => {
  it('returns checksummed addresses', () => {
    expect(read(deployment).contracts.BountyMarket).toBe('0x5FbDB2315678afecb367f032d93F642f64180aa3')
  })

  it('accepts a registrar, which a market with a registry of ours does not have', () => {
    expect(registrarOf(read(deployment))).toBe('0x5FbDB2315678afecb367f032d93F642f64180aa3')
    const AgentRegistrar = '0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9'
    expect(registrarOf(read({ ...deployment, contracts: { ...deployment.contracts, AgentRegistrar } }))).toBe(
      AgentRegistrar,
    )
  })

  it('accepts start blocks for older contracts', () => {
    expect(read({ ...deployment, startBlocks: { AgentRegistry: 3 } }).startBlocks).toEqual({ AgentRegistry: 3 })
  })

  it('without a deployment, says how to create one', () => {
    expect(() => readDeployment(8453, directory)).toThrow(/No deployment for chain 8453: .*8453\.json cannot be read/)
  })

  it.each([
    ['for another chain', { ...deployment, chainId: 8453 }, 'is for chain 8453, not 31337'],
    [
      'without a contract',
      { ...deployment, contracts: { ...deployment.contracts, USDC: undefined } },
      'contracts.USDC',
    ],
    ['with a bad address', { ...deployment, contracts: { ...deployment.contracts, USDC: '0x12' } }, 'contracts.USDC'],
    ['with a largest reward that is no integer', { ...deployment, maxReward: '0.5' }, 'maxReward'],
    ['with a negative block', { ...deployment, startBlock: -1 }, 'startBlock'],
    ['that is truncated', '{"chainId": 31337', 'JSON'],
  ])('refuses a deployment %s', (_, content, message) => {
    expect(() => read(content)).toThrow(message)
  })
})
