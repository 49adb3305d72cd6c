// Writes abis/*.ts from Forge's artifacts. With --check it only compares them, and fails if they differ.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { readArtifact } from '../ops/readArtifact.ts'

const contracts = {
  AgentRegistry: 'agentRegistryAbi',
  AgentStaking: 'agentStakingAbi',
  BountyMarket: 'bountyMarketAbi',
  MockUSDC: 'mockUsdcAbi',
}

const checkOnly = process.argv.includes('--check')
const drifted: string[] = []

for (const [contract, constant] of Object.entries(contracts)) {
  const { abi } = readArtifact(contract)
  const path = `abis/${contract}.ts`
  const source = `// Generated from contracts/ by \`npm run abis\`. Do not edit.\nexport const ${constant} = ${JSON.stringify(abi, null, 2)} as const\n`
  if (existsSync(path) && readFileSync(path, 'utf8') === source) continue
  drifted.push(path)
  if (!checkOnly) writeFileSync(path, source)
}

if (checkOnly && drifted.length > 0) {
  console.error(
    `ABI drift: ${drifted.join(', ')} differ from the contracts. Run \`npm run abis\` and commit the result.`,
  )
  process.exitCode = 1
}
