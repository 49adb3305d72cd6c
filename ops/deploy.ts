import { existsSync, readFileSync } from 'node:fs'
import { type Hex, keccak256, type LocalAccount, zeroHash } from 'viem'
import { z } from 'zod'
import { DEVNET, deploymentSchema } from '../core/deployment.ts'
import { createChainClient } from '../core/node/chainClient.ts'
import { registersCallerOnly } from '../src/api/relay/kinds/accounts/contracts.ts'
import { broadcast } from '../src/api/relay/sender/broadcast.ts'
import { assertUsable, creationBlock, findTokenProblems } from './deployment/checks.ts'
import { estimateCosts } from './deployment/cost.ts'
import { CREATE2_DEPLOYER, type Creation, planDeployment, type Terms } from './deployment/plan.ts'
import { findCreated, pendingFees, settle, transactionOf } from './deployment/transactions.ts'
import { writeJson } from './writeDeployment.ts'

export type DeployOptions = Terms & {
  rpcUrl: string
  /** The endpoint must serve this chain. */
  chainId: number
  /** Pays for the deployment, and has no rights in it. */
  account: LocalAccount
  /** Whether USDC may be a token that is not Circle's; `onStep` then gets what will not work. */
  allowsToken?: boolean
  /** 32 bytes; zero if absent. Another salt gives other addresses to the same market. */
  salt?: Hex | undefined
  /** File for the progress, from which a later run resumes after a crash. */
  journalPath?: string
  /** Called with a line for each step. */
  onStep?: ((line: string) => void) | undefined
}

/** The progress of an unfinished deployment. */
const journalSchema = z.strictObject({
  /** The chain, the salt, the terms and the code, which must be the same in every run of the deployment, by name. */
  fixed: z.record(z.string(), z.string()),
  /** By contract: every transaction signed to create it, of which only one can succeed. */
  transactions: z.record(z.string(), z.array(z.templateLiteral(['0x', z.hex()]))),
})

/**
 * Prepares to deploy the contracts that the options do not name: MockUSDC, AgentRegistry, BountyMarket (which creates its
 * AgentStaking), SignedFunding, and AgentRegistrar for a registry that registers its caller only. Forge's artifacts must be
 * up to date. Salt, code and terms fix all addresses before the first transaction: a contract that is there already is
 * the planned one, and none can be created twice. The journal has each transaction before it is sent, so that a later run
 * knows what is pending.
 * @returns the plan, the costs of the remaining transactions, and `send`, which sends each once the previous one is mined
 * and returns the deployment, with every contract that this run and earlier ones created. `send` throws if a transaction
 * is refused, reverts, or is not mined in time; the next run resumes.
 * @throws naming the problem: the chain, the terms or a contract is unsuitable, the journal is of another deployment,
 * the deployer has a pending transaction that is not of this deployment, or too little ETH.
 */
export async function prepareDeployment(options: DeployOptions) {
  const { rpcUrl, chainId, account, salt = zeroHash, journalPath = '', onStep = () => {} } = options
  const { address } = account
  const client = createChainClient(rpcUrl, { pollingInterval: chainId === DEVNET ? 20 : 2_000, cacheTime: 0 })
  await assertUsable(client, chainId, options)
  const problems = options.USDC_ADDRESS ? await findTokenProblems(client, chainId, options.USDC_ADDRESS) : []
  if (problems.length > 0 && !options.allowsToken)
    throw new Error([...problems, '--allow-token deploys with it anyway'].join('. '))
  for (const problem of problems) onStep(`--allow-token: ${problem}`)
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
  const plan = planDeployment(salt, options, needsRegistrar)
  const fixed = { GENESIS: genesis, ...plan.fixed }
  const journal: z.infer<typeof journalSchema> = begun ?? { fixed, transactions: {} }
  assertUnchanged(journalPath, journal.fixed, fixed)
  const hashesOf = ({ contract }: Creation) => journal.transactions[contract] ?? []

  const found = await Promise.all(plan.creations.map((creation) => findCreated(client, creation, hashesOf(creation))))
  const created = found.filter((contract) => contract !== undefined)
  for (const { contract, address, block } of created)
    onStep(`${contract} is at ${address} already, since block ${block}`)
  const remaining = plan.creations.filter((_, place) => found[place] === undefined)
  const [next] = remaining
  const pending = next && (await pendingFees(client, address, hashesOf(next)))
  if (pending) onStep(`${next.contract} is pending; its fee is raised`)
  const { fees, costs } = await estimateCosts(client, address, remaining, pending)

  async function send() {
    let nonce = await client.getTransactionCount({ address })
    for (const { creation, gas } of costs) {
      const { contract, data } = creation
      const call = { type: 'eip1559', chainId, nonce, to: CREATE2_DEPLOYER, data, gas, ...fees } as const
      const bytes = await account.signTransaction(call)
      const hash = keccak256(bytes)
      journal.transactions[contract] = [...hashesOf(creation), hash]
      if (journalPath) writeJson(journalPath, journal)
      const { result, error } = await broadcast(client, bytes)
      // If only the endpoint's answers were lost, it has the transaction. If another one took the nonce, `settle` reports it.
      const isKnown = result === 'accepted' || result === 'nonceTaken' || (await transactionOf(client, hash)) !== null
      if (!isKnown) throw new Error(`${contract} (nonce ${nonce}) was not taken by RPC_URL`, { cause: error })
      onStep(`${contract} is sent: ${hash}`)
      created.push(await settle(client, creation, hashesOf(creation), { address, nonce }))
      onStep(`${contract} is at ${creation.address}`)
      nonce++
    }
    const blocks = Object.fromEntries(created.map(({ contract, block }) => [contract, block]))
    const startBlocks = { AgentRegistry: registryBlock ?? blocks.AgentRegistry }
    const { contracts, build } = plan
    const maxReward = options.MAX_REWARD.toString()
    const hasOwnRegistry = registry === undefined
    const startBlock = blocks.BountyMarket
    const deployment = { chainId, startBlock, startBlocks, contracts, hasOwnRegistry, maxReward, build }
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
