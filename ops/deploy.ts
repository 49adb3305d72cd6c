import { keccak256, type LocalAccount } from 'viem'
import { DEVNET, deploymentSchema } from '../src/api/deployment.ts'
import { createChainClient } from '../src/api/node/chainClient.ts'
import { assertUsable, creationBlock } from './deployment/checks.ts'
import { estimateCosts } from './deployment/cost.ts'
import { type Journal, openJournal } from './deployment/journal.ts'
import { type Creation, planDeployment, type Terms } from './deployment/plan.ts'
import { broadcast, type Created, pendingFees, settle } from './deployment/transactions.ts'
import { writeJson } from './writeDeployment.ts'

export type DeployOptions = Terms & {
  rpcUrl: string
  /** The endpoint must serve this chain. */
  chainId: number
  /** Pays for the deployment, and has no rights in it. */
  account: LocalAccount
  /** File for the progress, from which a later run resumes after a crash. */
  journalPath?: string | undefined
  /** Called with a line for each step. */
  onStep?: ((line: string) => void) | undefined
}

/**
 * Prepares to deploy the contracts that the options do not name: MockUSDC, AgentRegistry, BountyMarket (which creates its
 * AgentStaking). Forge's artifacts must be up to date. All nonces are fixed before the first transaction, and the journal
 * has each transaction before it is sent: after any crash, a later run finds what was sent and cannot create a contract
 * twice.
 * @returns the plan, the costs of the remaining transactions, and `send`, which sends each once the previous one is mined
 * and returns the deployment, with every contract that this run and earlier ones created. `send` throws if a transaction
 * is refused, reverts, or is not mined in time; with a journal, the next run resumes.
 * @throws naming the problem: the chain, the terms or a contract is unsuitable, the journal is of another deployment,
 * the deployer has a transaction that is not of this deployment, or too little ETH.
 */
export async function prepareDeployment(options: DeployOptions) {
  const { rpcUrl, chainId, account, journalPath, onStep = () => {} } = options
  const client = createChainClient(rpcUrl, { pollingInterval: chainId === DEVNET ? 20 : 2_000, cacheTime: 0 })
  await assertUsable(client, chainId, options)
  const registryBlock = options.registry && (await creationBlock(client, options.registry))

  const nonce = await client.getTransactionCount({ address: account.address })
  const { hash: genesis } = await client.getBlock({ blockNumber: 0n })
  const fixed = { GENESIS: genesis, ...planDeployment(account.address, nonce, options).fixed }
  const fresh: Journal = { firstNonce: nonce, fixed, transactions: {} }
  const journal = journalPath === undefined ? fresh : openJournal(journalPath, chainId, fresh, onStep)
  const plan = planDeployment(account.address, journal.firstNonce, options)
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
  const { fees, costs } = await estimateCosts(client, remaining, pending)

  async function send() {
    for (const { creation, gas } of costs) {
      const { contract, nonce, initCode: data } = creation
      const bytes = await account.signTransaction({ type: 'eip1559', chainId, nonce, data, gas, ...fees })
      const hash = keccak256(bytes)
      journal.transactions[contract] = [...hashesOf(creation), hash]
      if (journalPath) writeJson(journalPath, journal)
      await broadcast(client, creation, bytes)
      onStep(`${contract} is sent: ${hash}`)
      created.push(await settle(client, creation, hashesOf(creation)))
      onStep(`${contract} is at ${creation.address}`)
    }
    const blocks = Object.fromEntries(created.map(({ contract, block }) => [contract, block]))
    const startBlocks = { AgentRegistry: registryBlock ?? blocks.AgentRegistry }
    const deployment = { chainId, startBlock: blocks.BountyMarket, startBlocks, contracts: plan.contracts }
    return { deployment: deploymentSchema.parse(deployment), created }
  }

  return { plan, costs, send }
}
