// `npm run deploy -- --chain <id> [--salt <32 bytes>] [--own-registry] [--allow-token] [--yes] [--verify]`: deploys the
// market with the accounts and addresses that the environment names. After a crash, the same command resumes the deployment. `--verify` then sends the
// sources to Sourcify, also those of an earlier deployment. `--check <id>` compares a deployment with this build.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Hex, isHex, size } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { DEVNET, readDeployment } from '../../core/deployment.ts'
import { readEnv } from '../../core/env.ts'
import { createChainClient } from '../../core/node/chainClient.ts'
import { confirm } from '../confirm.ts'
import { prepareDeployment } from '../deploy.ts'
import { runCommand } from '../runCommand.ts'
import { writeDeployment, writeJson } from '../writeDeployment.ts'
import { chains } from './chains.ts'
import { checkDeployment } from './check.ts'
import { costLines } from './cost.ts'
import { verifySources } from './sourcify.ts'
import { verificationOf } from './verification.ts'

await runCommand(async () => {
  const { chain, check, salt, verify, ...choices } = parseArgs({
    options: {
      chain: { type: 'string' },
      check: { type: 'string' },
      salt: { type: 'string' },
      'own-registry': { type: 'boolean', default: false },
      'allow-token': { type: 'boolean', default: false },
      verify: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
    },
  }).values
  if (check !== undefined) return checkOnChain(chainIdOf('--check', check))
  const chainId = chainIdOf('--chain', chain)
  if (salt !== undefined && !(isHex(salt) && size(salt) === 32))
    throw new Error(`--salt must be 0x and 64 hexadecimal digits, got ${salt}`)
  const path = `${readEnv(['DEPLOYMENTS_DIR']).DEPLOYMENTS_DIR}/${chainId}`
  const isFinished = existsSync(`${path}.json`) && !existsSync(`${path}.journal.json`)
  if (!(verify && isFinished)) await deploy(chainId, path, { salt, isFinished, ...choices })
  if (!verify) return
  const { SOURCIFY_URL } = readEnv(['SOURCIFY_URL'])
  await verifySources(SOURCIFY_URL, JSON.parse(readFileSync(`${path}.verification.json`, 'utf8')), console.log)
})

function chainIdOf(option: string, chain = 'nothing'): number {
  if (Object.hasOwn(chains, chain)) return Number(chain)
  const supported = Object.entries(chains).map(([id, { name }]) => `${id} (${name})`)
  throw new Error(`${option} must be one of ${supported.join(', ')}, got ${chain}`)
}

async function deploy(
  chainId: number,
  path: string,
  {
    salt,
    isFinished,
    yes,
    'own-registry': ownRegistry,
    'allow-token': allowsToken,
  }: { salt: Hex | undefined; isFinished: boolean } & Record<'yes' | 'own-registry' | 'allow-token', boolean>,
) {
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
  if (isPublic && isFinished)
    throw new Error(`${path}.json exists. Move it away to deploy a second market on chain ${chainId}.`)
  const { name, known } = chains[chainId] ?? {}
  const { AGENT_REGISTRY_ADDRESS: registry = ownRegistry ? undefined : known?.AgentRegistry } = env
  if (ownRegistry && registry)
    throw new Error(`--own-registry and AGENT_REGISTRY_ADDRESS (${registry}) exclude each other: leave one out`)
  if (ownRegistry && known)
    console.log(
      `--own-registry: this market does not know the agents of ${known.AgentRegistry}, the ERC-8004 registry of ${name}. ` +
        'They register again, with other ids, and their reputation elsewhere is not of these ids',
    )
  const journalPath = `${path}.journal.json`
  const { plan, costs, send } = await prepareDeployment({
    ...env,
    USDC_ADDRESS: env.USDC_ADDRESS ?? known?.USDC,
    AGENT_REGISTRY_ADDRESS: registry,
    allowsToken,
    // Nonces and receipts of one node: if it fails, the command resumes.
    rpcUrl: env.RPC_URL[0],
    chainId,
    account: privateKeyToAccount(env.DEPLOYER_PRIVATE_KEY),
    salt,
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
  writeJson(`${path}.verification.json`, verificationOf(deployment, created))
  console.log(`Wrote ${path}.verification.json, for block explorers`)
  console.log(`Wrote ${writeDeployment(deployment, env.DEPLOYMENTS_DIR)}`)
  rmSync(journalPath, { force: true })
}

/** Compares the contracts on the chain with this build. @throws if one differs. */
async function checkOnChain(chainId: number) {
  const env = readEnv(['RPC_URL', 'DEPLOYMENTS_DIR'])
  const checked = await checkDeployment(createChainClient(env.RPC_URL[0]), readDeployment(chainId, env.DEPLOYMENTS_DIR))
  for (const { contract, address, difference = 'code and immutables are of this build' } of checked)
    console.log(`${contract} at ${address}: ${difference}`)
  if (checked.some(({ difference }) => difference)) throw new Error('The contracts are not of this build')
}
