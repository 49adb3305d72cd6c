// Writes abis/*.ts from Forge's artifacts. With --check it only compares them, and fails if they differ.
import { readArtifact } from '../../ops/readArtifact.ts'
import { writeGenerated } from './writeGenerated.ts'

const contracts = {
  AgentRegistrar: 'agentRegistrarAbi',
  AgentRegistry: 'agentRegistryAbi',
  AgentStaking: 'agentStakingAbi',
  BountyMarket: 'bountyMarketAbi',
  MockUSDC: 'mockUsdcAbi',
  SignedFunding: 'signedFundingAbi',
}

for (const [contract, constant] of Object.entries(contracts)) {
  const abi = JSON.stringify(readArtifact(contract).abi, null, 2)
  const source = `// Generated from contracts/ by \`npm run abis\`. Do not edit.\nexport const ${constant} = ${abi} as const\n`
  writeGenerated(`abis/${contract}.ts`, source, 'the contracts', 'abis')
}
