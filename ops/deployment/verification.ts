import { readFileSync } from 'node:fs'
import type { Address, Hash, Hex } from 'viem'
import type { Build, Deployment } from '../../core/deployment.ts'
import { readArtifact } from '../readArtifact.ts'
import type { Created } from './transactions.ts'

const root = new URL('../../', import.meta.url)

/** The contracts that were deployed with the market, by CREATE2 or by the market itself. */
export function contractsOfBuild({ contracts, build }: Deployment) {
  const addresses = { ...contracts, MockUSDC: contracts.USDC }
  const names = Object.keys(build?.constructorArguments ?? {}) as (keyof Build['constructorArguments'])[]
  return names.map((contract) => ({
    contract,
    address: addresses[contract] as Address,
    constructorArguments: build?.constructorArguments[contract] as Hex,
  }))
}

/** The content of `deployments/<chainId>.verification.json`. */
export type Verification = ReturnType<typeof verificationOf>

/**
 * The data with which anyone can compile the contracts and compare them with the deployed ones. The names are those of
 * Sourcify's API (`POST /v2/verify/{chainId}/{address}`); block explorers take the same `stdJsonInput`.
 * Forge's artifacts must be up to date.
 */
export function verificationOf(deployment: Deployment, created: readonly Created[]) {
  const hashes = new Map<string, Hash | undefined>(created.map(({ contract, hash }) => [contract, hash]))
  // The market creates its AgentStaking in its own transaction.
  hashes.set('AgentStaking', hashes.get('BountyMarket'))
  const deployed = contractsOfBuild(deployment).map((contract) => ({
    ...contract,
    ...readArtifact(contract.contract),
  }))
  const { compiler, language, settings } = readArtifact('BountyMarket').metadata
  // The target is an output of solc, which refuses it as an input.
  const { compilationTarget: _, ...input } = settings
  const paths = deployed.flatMap(({ metadata }) => Object.keys(metadata.sources))
  return {
    chainId: deployment.chainId,
    compilerVersion: compiler.version,
    // solc's input. https://docs.soliditylang.org/en/latest/using-the-compiler.html#input-description
    stdJsonInput: {
      language,
      sources: Object.fromEntries(paths.map((path) => [path, { content: readFileSync(new URL(path, root), 'utf8') }])),
      settings: { ...input, outputSelection: { '*': { '*': ['*'] } } },
    },
    contracts: deployed.map(({ contract, metadata, address, constructorArguments }) => ({
      contractIdentifier: Object.entries(metadata.settings.compilationTarget).flat().join(':'),
      address,
      creationTransactionHash: hashes.get(contract),
      constructorArguments,
    })),
  }
}
