import { readFileSync } from 'node:fs'
import { type Address, encodeDeployData } from 'viem'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import type { Deployment } from '../../src/api/deployment.ts'
import { readArtifact } from './plan.ts'
import type { Created } from './transactions.ts'

/**
 * The data with which anyone can compile the contracts and compare them with the deployed ones. The names are those of
 * Sourcify's API (`POST /v2/verify/{chainId}/{address}`); block explorers take the same `stdJsonInput`.
 * Forge's artifacts must be up to date.
 */
export function verificationOf({ chainId, contracts }: Deployment, owner: Address, created: readonly Created[]) {
  const deployed = created.map(({ contract, address, hash, constructorArguments }) => ({
    artifact: readArtifact(contract),
    address,
    creationTransactionHash: hash,
    constructorArguments,
  }))
  const market = deployed.at(-1)
  if (!market) throw new Error('No contract was created')
  // The market creates its AgentStaking in its own transaction.
  const args = [contracts.USDC, contracts.AgentRegistry, owner] as const
  deployed.push({
    ...market,
    artifact: readArtifact('AgentStaking'),
    address: contracts.AgentStaking,
    constructorArguments: encodeDeployData({ abi: agentStakingAbi, bytecode: '0x', args }),
  })
  const { compiler, language, settings } = market.artifact.metadata
  // The target is an output of solc, which refuses it as an input.
  const { compilationTarget: _, ...input } = settings
  const paths = deployed.flatMap(({ artifact }) => Object.keys(artifact.metadata.sources))
  return {
    chainId,
    compilerVersion: compiler.version,
    // solc's input. https://docs.soliditylang.org/en/latest/using-the-compiler.html#input-description
    stdJsonInput: {
      language,
      sources: Object.fromEntries(paths.map((path) => [path, { content: sourceOf(path) }])),
      settings: {
        ...input,
        outputSelection: { '*': { '*': ['abi', 'metadata', 'evm.bytecode', 'evm.deployedBytecode'] } },
      },
    },
    contracts: deployed.map(({ artifact, ...onChain }) => ({
      contractIdentifier: Object.entries(artifact.metadata.settings.compilationTarget).flat().join(':'),
      ...onChain,
    })),
  }
}

const sourceOf = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
