import { existsSync, readFileSync } from 'node:fs'
import { keccak256, type LocalAccount } from 'viem'
import { z } from 'zod'
import { DEVNET, deploymentSchema } from '../core/deployment.ts'
import { createChainClient } from '../core/node/chainClient.ts'
import { registersCallerOnly } from '../src/api/relay/kinds/accounts/registry.ts'
import { broadcast } from '../src/api/relay/sender/broadcast.ts'
import { assertUsable, creationBlock } from './deployment/checks.ts'
import { estimateCosts } from './deployment/cost.ts'
import { type Creation, planDeployment, type Terms } from './deployment/plan.ts'
import { type Created, pendingFees, settle, transactionOf } from './deployment/transactions.ts'
import { writeJson } from './writeDeployment.ts'

export type DeployOptions = Terms & {
  rpcUrl: string
  /** The endpoint must serve this chain. */
  chainId: number
  /** Pays for the deployment, and has no rights in it. */
  account: LocalAccount
  /** File for the progress, from which a later run resumes after a crash. */
  journalPath?: string
  /** Called with a line for each step. */
  onStep?: ((line: string) => void) | undefined
}

/** The progress of an unfinished deployment. */
const journalSchema = z.strictObject({
  /** The deployer's nonce before its first transaction. It fixes the addresses of all contracts. */
  firstNonce: z.int().nonnegative(),
  /** The chain, the terms and the code, which must be the same in every run of the deployment, by name. */
  fixed: z.record(z.string(), z.string()),
  /** By contract: every transaction signed to create it. They share a nonce, so at most one can be mined. */
  transactions: z.record(z.string(), z.array(z.templateLiteral(['0x', z.hex()]))),
})

/**
 * Prepares to deploy the contracts that the options do not name: MockUSDC, AgentRegistry, BountyMarket (which creates its
 * AgentStaking), SignedFunding, and AgentRegistrar for a registry that registers its caller only. Forge's artifacts must be
 * up to date. All nonces are fixed before the first transaction, and the journal has each transaction before it is sent:
 * after any crash, a later run finds what was sent and cannot create a contract twice.
 * @returns the plan, the costs of the remaining transactions, and `send`, which sends each once the previous one is mined
 * and returns the deployment, with every contract that this run and earlier ones created. `send` throws if a transaction
 * is refused, reverts, or is not mined in time; with a journal, the next run resumes.
 * @throws naming the problem: the chain, the terms or a contract is unsuitable, the journal is of another deployment,
 * the deployer has a transaction that is not of this deployment, or too little ETH.
 */
export async function prepareDeployment(options: DeployOptions) {
  const { rpcUrl, chainId, account, journalPath = '', onStep = () => {} } = options
  const client = createChainClient(rpcUrl, { pollingInterval: chainId === DEVNET ? 20 : 2_000, cacheTime: 0 })
  await assertUsable(client, chainId, options)
  const registry = options.AGENT_REGISTRY_ADDRESS
  const registryBlock = registry && (await creationBlock(client, registry))
  const needsRegistrar = registry !== undefined && (await registersCallerOnly(client, registry))

  const { hash: genesis } = await client.getBlock({ blockNumber: 0n })
  const stored = existsSync(journalPath) ? readJournal(journalPath) : undefined
  // All devnets share one chain id.
  const isOfEndedDevnet = chainId === DEVNET && stored?.fixed.GENESIS !== genesis
  const begun = isOfEndedDevnet ? undefined : stored
  if (begun) onStep(`Resuming the deployment in ${journalPath}`)
  else if (stored) onStep(`${journalPath} is of a devnet that has ended: starting a new deployment`)
  const nonce = await client.getTransactionCount({ address: account.address })
  const firstNonce = begun?.firstNonce ?? nonce
  const plan = planDeployment(account.address, firstNonce, options, needsRegistrar)
  const fixed = { GENESIS: genesis, ...plan.fixed }
  const journal: z.infer<typeof journalSchema> = begun ?? { firstNonce, fixed, transactions: {} }
  assertUnchanged(journalPath, journal.fixed, fixed)
  const hashesOf = ({ contract }: Creation) => journal.transactions[contract] ?? []

  const created: Created[] = []
  for (const creation of plan.creations.filter((planned) => planned.nonce < nonce)) {
    const done = await settle(client, creation, hashesOf(creation))
    onStep(`${done.contract} is at ${done.address} already, since block ${done.block}`)
    created.push(done)
  }
  const remaining = plan.creations.slice(created.length)
  const [next] = remaining
  const pending = next && (await pendingFees(client, next, hashesOf(next)))
  if (pending) onStep(`${next.contract} is pending; its fee is raised`)
  const { fees, costs } = await estimateCosts(client, account.address, remaining, pending)

  async function send() {
    for (const { creation, gas } of costs) {
      const { contract, nonce, initCode: data } = creation
      const bytes = await account.signTransaction({ type: 'eip1559', chainId, nonce, data, gas, ...fees })
      const hash = keccak256(bytes)
      journal.transactions[contract] = [...hashesOf(creation), hash]
      if (journalPath) writeJson(journalPath, journal)
      const { result, error } = await broadcast(client, bytes)
      // If only the endpoint's answers were lost, it has the transaction. If another one took the nonce, `settle` reports it.
      const isKnown = result === 'accepted' || result === 'nonceTaken' || (await transactionOf(client, hash)) !== null
      if (!isKnown) throw new Error(`${contract} (nonce ${nonce}) was not taken by RPC_URL`, { cause: error })
      onStep(`${contract} is sent: ${hash}`)
      created.push(await settle(client, creation, hashesOf(creation)))
      onStep(`${contract} is at ${creation.address}`)
    }
    const blocks = Object.fromEntries(created.map(({ contract, block }) => [contract, block]))
    const startBlocks = { AgentRegistry: registryBlock ?? blocks.AgentRegistry }
    const { contracts } = plan
    const maxReward = options.MAX_REWARD.toString()
    const hasOwnRegistry = registry === undefined
    const deployment = { chainId, startBlock: blocks.BountyMarket, startBlocks, contracts, hasOwnRegistry, maxReward }
    return { deployment: deploymentSchema.parse(deployment), created }
  }

  return { plan, costs, send }
}

function readJournal(path: string) {
  const { data, error } = journalSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!data) throw new Error(`${path} is malformed:\n${z.prettifyError(error)}`)
  return data
}

/** @throws if a resumed deployment has other terms or code: its contracts would not match. */
function assertUnchanged(path: string, begun: Record<string, string>, now: Record<string, string>) {
  const changes = Object.keys({ ...begun, ...now })
    .filter((name) => begun[name] !== now[name])
    .map((name) => `  ${name} was ${begun[name] ?? 'absent'}, and is ${now[name] ?? 'absent'}\n`)
  if (changes.length === 0) return
  const advice = 'Restore these to resume it, or move the file away to start a new deployment.'
  throw new Error(`${path} is of a deployment with other terms or code:\n${changes.join('')}${advice}`)
}
