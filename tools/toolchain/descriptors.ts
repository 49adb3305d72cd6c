// `npm run descriptors`: writes, for each deployment, the ERC-7730 descriptors by which wallets show in words what is signed. A
// folder of the wallets' registry takes them as they are.
import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { readDeployment } from '../../core/deployment.ts'
import { readEnv } from '../../core/env.ts'
import { writeJson } from '../../ops/writeDeployment.ts'
import { descriptorsOf } from './clearSigning.ts'

const { DEPLOYMENTS_DIR: directory } = readEnv(['DEPLOYMENTS_DIR'])
const chains = globSync(`${directory}/*.json`)
  .map((path) => basename(path, '.json'))
  .filter((name) => /^\d+$/.test(name))
if (chains.length === 0) {
  console.error(`There is no deployment in ${directory}. Deploy first: \`npm run deploy -- --chain 84532\`.`)
  process.exitCode = 1
}
for (const chain of chains) {
  for (const [file, descriptor] of Object.entries(descriptorsOf(readDeployment(Number(chain), directory)))) {
    writeJson(`${directory}/erc7730/${file}`, descriptor)
    console.log(`Wrote ${directory}/erc7730/${file}`)
  }
}
