// `npm run deploy -- --chain <id>`: deploys the market with the accounts and addresses that the environment names.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { readEnv } from '../src/api/env.ts'
import { deploy } from './deploy.ts'
import { writeDeployment } from './writeDeployment.ts'

const devnetChainId = 31337

async function run() {
  const chainId = requestedChain()
  const env = readEnv([
    ...(['RPC_URL', 'DEPLOYMENTS_DIR', 'DEPLOYER_PRIVATE_KEY', 'TREASURY', 'OWNER'] as const),
    ...(['USDC_ADDRESS', 'AGENT_REGISTRY_ADDRESS', 'RELAYER_PRIVATE_KEY'] as const),
  ])
  const path = `${env.DEPLOYMENTS_DIR}/${chainId}.json`
  // A devnet is thrown away with its chain; a deployment on a public chain may hold money.
  if (chainId !== devnetChainId && existsSync(path)) {
    throw new Error(`${path} exists. Move it away to deploy a second market on chain ${chainId}.`)
  }
  const deployment = await deploy({
    rpcUrl: env.RPC_URL,
    chainId,
    account: privateKeyToAccount(env.DEPLOYER_PRIVATE_KEY),
    treasury: env.TREASURY,
    owner: env.OWNER,
    usdc: env.USDC_ADDRESS,
    registry: env.AGENT_REGISTRY_ADDRESS,
    // On a public chain the same key may relay signed claims, for which it needs no role.
    relayers: chainId === devnetChainId ? (env.RELAYER_PRIVATE_KEY ?? []).map(addressOf) : [],
    onStep: console.log,
  })
  console.log(`Wrote ${writeDeployment(deployment, env.DEPLOYMENTS_DIR)}`)
}

function requestedChain(): number {
  const { chain } = parseArgs({ options: { chain: { type: 'string' } } }).values
  if (!chain || !/^[1-9]\d{0,14}$/.test(chain)) throw new Error(`--chain must be a chain id, got ${chain ?? 'nothing'}`)
  return Number(chain)
}

const addressOf = (key: Hex) => privateKeyToAccount(key).address

try {
  await run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
