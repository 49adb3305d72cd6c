// Writes abis/*.ts from Forge's artifacts, one item a line. With --check it only compares them, and fails if they differ.
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
  const items = readArtifact(contract).abi.map((item) => `  ${JSON.stringify(item)},`)
  const source = `// Generated from contracts/ by \`npm run abis\`. Do not edit.\nexport const ${constant} = [\n${items.join('\n')}\n] as const\n`
  writeGenerated(`abis/${contract}.ts`, source, 'the contracts', 'abis')
}
