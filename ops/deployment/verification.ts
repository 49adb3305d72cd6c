import { readFileSync } from 'node:fs'
import { type Address, encodeDeployData } from 'viem'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import type { Deployment } from '../../core/deployment.ts'
import { readArtifact } from '../readArtifact.ts'
import type { Created } from './transactions.ts'

const root = new URL('../../', import.meta.url)

/**
 * The data with which anyone can compile the contracts and compare them with the deployed ones. The names are those of
 * Sourcify's API (`POST /v2/verify/{chainId}/{address}`); block explorers take the same `stdJsonInput`.
 * Forge's artifacts must be up to date.
 */
export function verificationOf({ chainId, contracts }: Deployment, owner: Address, created: readonly Created[]) {
  // The market creates its AgentStaking in its own transaction.
  const market = created.find(({ contract }) => contract === 'BountyMarket')
  const args = [contracts.USDC, contracts.AgentRegistry, owner] as const
  const staking = {
    contract: 'AgentStaking',
    address: contracts.AgentStaking,
    hash: market?.hash,
    constructorArguments: encodeDeployData({ abi: agentStakingAbi, bytecode: '0x', args }),
  }
  const deployed = [...created, staking].map((contract) => ({ ...contract, ...readArtifact(contract.contract) }))
  const { compiler, language, settings } = readArtifact('BountyMarket').metadata
  // The target is an output of solc, which refuses it as an input.
  const { compilationTarget: _, ...input } = settings
  const paths = deployed.flatMap(({ metadata }) => Object.keys(metadata.sources))
  return {
    chainId,
    compilerVersion: compiler.version,
    // solc's input. https://docs.soliditylang.org/en/latest/using-the-compiler.html#input-description
    stdJsonInput: {
      language,
      sources: Object.fromEntries(paths.map((path) => [path, { content: readFileSync(new URL(path, root), 'utf8') }])),
      settings: { ...input, outputSelection: { '*': { '*': ['*'] } } },
    },
    contracts: deployed.map(({ metadata, address, hash, constructorArguments }) => ({
      contractIdentifier: Object.entries(metadata.settings.compilationTarget).flat().join(':'),
      address,
      creationTransactionHash: hash,
      constructorArguments,
    })),
  }
}
