import { readFileSync } from 'node:fs'
import { type Address, encodeDeployData, type Hash, type Hex, keccak256 } from 'viem'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import type { Deployment } from '../../src/api/deployment.ts'
import { type Artifact, readArtifact } from './artifacts.ts'
import type { Created } from './settle.ts'

/** A deployed contract. */
type OnChain = { name: string; address: Address; hash: Hash; constructorArguments: Hex }

/**
 * The data with which anyone can compile the contracts and compare them with the deployed ones. The names are those of
 * Sourcify's API (`POST /v2/verify/{chainId}/{address}`); block explorers take the same `stdJsonInput`.
 * @throws if a source file has changed since Forge compiled it.
 */
export function verificationOf({ chainId, contracts }: Deployment, owner: Address, created: readonly Created[]) {
  const onChain = created.flatMap((creation): OnChain[] => {
    const own = { ...creation, name: creation.contract }
    return creation.contract === 'BountyMarket' ? [own, stakingOf(creation, contracts, owner)] : [own]
  })
  const artifacts = onChain.map(({ name }) => readArtifact(name))
  return {
    chainId,
    compilerVersion: sharedValue('compiler', artifacts, ({ metadata }) => metadata.compiler.version),
    stdJsonInput: standardJson(artifacts),
    contracts: onChain.map(({ name, address, hash, constructorArguments }) => ({
      contractIdentifier: identifierOf(name),
      address,
      creationTransactionHash: hash,
      constructorArguments,
    })),
  }
}

/** The market creates its AgentStaking in its own transaction. */
function stakingOf({ hash }: Created, contracts: Deployment['contracts'], owner: Address): OnChain {
  const args = [contracts.USDC, contracts.AgentRegistry, owner] as const
  const constructorArguments = encodeDeployData({ abi: agentStakingAbi, bytecode: '0x', args })
  return { name: 'AgentStaking', address: contracts.AgentStaking, hash, constructorArguments }
}

function identifierOf(name: string): string {
  const [target] = Object.entries(readArtifact(name).metadata.settings.compilationTarget)
  if (!target) throw new Error(`The artifact of ${name} does not name its source: build again`)
  return target.join(':')
}

/** solc's input. https://docs.soliditylang.org/en/latest/using-the-compiler.html#input-description */
function standardJson(artifacts: readonly Artifact[]) {
  const hashes = Object.assign({}, ...artifacts.map(({ metadata }) => metadata.sources))
  const paths = Object.keys(hashes).sort()
  const settings = sharedValue('settings', artifacts, ({ metadata }) => {
    // The target is an output of solc, which refuses it as an input.
    const { compilationTarget: _, ...input } = metadata.settings
    return JSON.stringify(input)
  })
  return {
    language: sharedValue('language', artifacts, ({ metadata }) => metadata.language),
    sources: Object.fromEntries(paths.map((path) => [path, { content: sourceOf(path, hashes[path].keccak256) }])),
    settings: {
      ...JSON.parse(settings),
      outputSelection: { '*': { '*': ['abi', 'metadata', 'evm.bytecode', 'evm.deployedBytecode'] } },
    },
  }
}

function sourceOf(path: string, compiled: Hex): string {
  const content = readFileSync(new URL(`../../${path}`, import.meta.url))
  if (keccak256(content) !== compiled) throw new Error(`${path} has changed since Forge compiled it: build again`)
  return content.toString()
}

/** The value that all artifacts share. @throws if they differ. */
function sharedValue(what: string, artifacts: readonly Artifact[], part: (artifact: Artifact) => string): string {
  const [first, ...others] = new Set(artifacts.map(part))
  if (first === undefined || others.length > 0)
    throw new Error(`The contracts were compiled with more than one ${what}`)
  return first
}
