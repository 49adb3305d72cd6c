// `npm run deploy -- --chain <id> [--yes]`: deploys the market with the accounts and addresses that the environment
// names. After a crash, the same command resumes the deployment.
import { existsSync, rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { privateKeyToAccount } from 'viem/accounts'
import { DEVNET } from '../../core/deployment.ts'
import { readEnv } from '../../core/env.ts'
import { confirm } from '../confirm.ts'
import { prepareDeployment } from '../deploy.ts'
import { runCommand } from '../runCommand.ts'
import { writeDeployment, writeJson } from '../writeDeployment.ts'
import { costLines } from './cost.ts'
import { verificationOf } from './verification.ts'

/** The supported chains, by id. */
const chains: Record<string, string> = { [DEVNET]: 'devnet', 84532: 'Base Sepolia', 8453: 'Base' }

await runCommand(async () => {
  const { chain = 'nothing', yes } = parseArgs({
    options: { chain: { type: 'string' }, yes: { type: 'boolean' } },
  }).values
  const name = chains[chain]
  if (!name) {
    const supported = Object.entries(chains).map(([id, known]) => `${id} (${known})`)
    throw new Error(`--chain must be one of ${supported.join(', ')}, got ${chain}`)
  }
  const chainId = Number(chain)
  // A devnet's deployment is worthless once its chain has ended; one on a public chain may hold money.
  const isPublic = chainId !== DEVNET
  const env = readEnv([
    'RPC_URL',
    'DEPLOYMENTS_DIR',
    'DEPLOYER_PRIVATE_KEY',
    'TREASURY',
    'OWNER',
    'MAX_REWARD',
    'USDC_ADDRESS',
    'AGENT_REGISTRY_ADDRESS',
    'RELAYER_PRIVATE_KEY',
  ])
  const path = `${env.DEPLOYMENTS_DIR}/${chainId}`
  const journalPath = `${path}.journal.json`
  if (isPublic && existsSync(`${path}.json`) && !existsSync(journalPath)) {
    throw new Error(`${path}.json exists. Move it away to deploy a second market on chain ${chainId}.`)
  }
  const { plan, costs, send } = await prepareDeployment({
    ...env,
    // Nonces and receipts of one node: if it fails, the command resumes.
    rpcUrl: env.RPC_URL[0],
    chainId,
    account: privateKeyToAccount(env.DEPLOYER_PRIVATE_KEY),
    relayers: (env.RELAYER_PRIVATE_KEY ?? []).map((key) => privateKeyToAccount(key).address),
    journalPath,
    onStep: console.log,
  })
  // The terms and addresses cannot be changed later.
  console.log(`Chain ${chainId} (${name})`)
  for (const [term, value] of Object.entries(plan.fixed)) console.log(`${term}: ${value}`)
  for (const [contract, address] of Object.entries(plan.contracts)) console.log(`${contract} at ${address}`)
  for (const line of costs.length > 0 ? costLines(costs) : ['Every transaction is already mined']) console.log(line)
  if (isPublic && !yes && costs.length > 0) await confirm('Send this?', 'Nothing was sent')

  const { deployment, created } = await send().catch((cause: unknown) => {
    throw new Error('The deployment is not finished: the same command resumes it', { cause })
  })
  writeJson(`${path}.verification.json`, verificationOf(deployment, env.OWNER, created))
  console.log(`Wrote ${path}.verification.json, for block explorers`)
  console.log(`Wrote ${writeDeployment(deployment, env.DEPLOYMENTS_DIR)}`)
  rmSync(journalPath, { force: true })
})
