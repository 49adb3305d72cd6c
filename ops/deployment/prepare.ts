import { type Address, formatEther, type LocalAccount, type PublicClient } from 'viem'
import { createChainClient } from '../../src/api/chainClient.ts'
import { isDevnet } from './chains.ts'
import { assertUsable } from './checks.ts'
import { type Cost, estimateCosts } from './cost.ts'
import { creationBlock } from './creationBlock.ts'
import { currentPrices, type Fees, pendingFees } from './fees.ts'
import { Journal } from './journal.ts'
import { type Plan, planDeployment, type Terms } from './plan.ts'
import { type Created, settle } from './settle.ts'

export type DeployOptions = Terms & {
  rpcUrl: string
  /** The endpoint must serve this chain. */
  chainId: number
  /** Pays for the deployment, and has no rights in it. */
  account: LocalAccount
  /** File for the progress, from which a later run resumes after a crash. */
  journalPath?: string | undefined
  /** Called with a line for each contract, and during long waits. */
  onStep?: ((line: string) => void) | undefined
}

/** A deployment before its next transaction: all addresses, costs and existing contracts are known. */
export type Prepared = {
  client: PublicClient
  chainId: number
  account: LocalAccount
  deployer: Address
  onStep: (line: string) => void
  plan: Plan
  journal: Journal
  /** Contracts that earlier runs created. */
  created: Created[]
  /** Of the remaining transactions, in their order. */
  costs: Cost[]
  fees: Fees
  /** First block of an existing registry. */
  registryBlock: number | undefined
}

/**
 * Checks the deployment, and finds out what an earlier run has done, before it sends a transaction.
 * @throws naming the problem: the chain, the terms or a contract is unsuitable, the journal is of another deployment,
 * the deployer has a transaction that is not of this deployment, or too little ETH.
 */
export async function prepareDeployment(options: DeployOptions): Promise<Prepared> {
  const { rpcUrl, chainId, account, onStep = () => {} } = options
  const pollingInterval = isDevnet(chainId) ? 20 : 2_000
  const client = createChainClient(rpcUrl, { pollingInterval, cacheTime: 0 })
  await assertUsable(client, chainId, options)
  if (options.registry) onStep(`Looking for the first block of the registry ${options.registry}`)
  const registryBlock = options.registry && (await creationBlock(client, options.registry))

  const context = { client, chainId, account, deployer: account.address, onStep }
  const { plan, journal, created } = await beginOrResume(context, options)
  const remaining = plan.creations.slice(created.length)
  const pending = await assertNothingElsePending(context, journal, remaining)
  const prices = await currentPrices(client, pending)
  const costs = await estimateCosts(client, account.address, remaining, prices)
  await assertAffordable(context, costs)
  return { ...context, plan, journal, created, costs, fees: prices.fees, registryBlock }
}

type Context = Pick<Prepared, 'client' | 'chainId' | 'account' | 'deployer' | 'onStep'>

/** Begins a deployment, or resumes the one in the journal. */
async function beginOrResume(context: Context, options: DeployOptions) {
  const { client, deployer, onStep } = context
  const { hash: genesis } = await client.getBlock({ blockNumber: 0n })
  const begun = earlierJournal(context, options.journalPath, genesis)
  const firstNonce = begun?.start.firstNonce ?? (await client.getTransactionCount({ address: deployer }))
  const plan = planDeployment(deployer, firstNonce, options)
  begun?.assertUnchanged(plan.fixed)
  const journal = begun ?? Journal.begin(options.journalPath, { genesis, deployer, firstNonce, fixed: plan.fixed })

  const created: Created[] = []
  if (begun) {
    onStep(`Resuming the deployment in ${options.journalPath}`)
    const nonce = await client.getTransactionCount({ address: deployer })
    for (const creation of plan.creations.filter((earlier) => earlier.nonce < nonce)) {
      const done = await settle(context, creation, journal.transactionsOf(creation))
      onStep(`${done.contract} is at ${done.address} already, since block ${done.block}`)
      created.push(done)
    }
  }
  return { plan, journal, created }
}

function earlierJournal({ chainId, deployer, onStep }: Context, path: string | undefined, genesis: string) {
  const journal = path === undefined ? undefined : Journal.read(path)
  if (!journal) return undefined
  if (journal.start.genesis !== genesis) {
    if (!isDevnet(chainId))
      throw new Error(`${path} is of a chain that starts with ${journal.start.genesis}, not ${genesis}`)
    onStep(`${path} is of a devnet that has ended: starting a new deployment`)
    return undefined
  }
  if (journal.start.deployer !== deployer) {
    throw new Error(
      `${path} is of a deployment by ${journal.start.deployer}, but DEPLOYER_PRIVATE_KEY is ${deployer}'s`,
    )
  }
  return journal
}

/** @returns the fees of an earlier run's transaction that is still pending. @throws if another one is pending. */
async function assertNothingElsePending(
  { client, deployer, onStep }: Context,
  journal: Journal,
  remaining: Plan['creations'],
) {
  const mined = await client.getTransactionCount({ address: deployer })
  const sent = await client.getTransactionCount({ address: deployer, blockTag: 'pending' })
  const [next] = remaining
  if (!next) return undefined
  // Equal or higher is fine: if the nonce was used since `beginOrResume`, `settle` finds out by which transaction.
  if (mined < next.nonce) {
    throw new Error(`${next.contract} is planned with nonce ${next.nonce}, but ${deployer} is at nonce ${mined}`)
  }
  const own = await pendingFees(client, journal.transactionsOf(next))
  const foreign = sent - mined - (own ? 1 : 0)
  if (foreign > 0) {
    const what = foreign === 1 ? 'a pending transaction' : `${foreign} pending transactions`
    throw new Error(
      `${deployer} has ${what}, not of this deployment, from nonce ${sent - foreign} on: wait until it is mined`,
    )
  }
  if (own) onStep(`${next.contract} is pending; its fee is raised`)
  return own
}

async function assertAffordable({ client, deployer }: Context, costs: readonly Cost[]) {
  const needed = costs.reduce((sum, { most }) => sum + most, 0n)
  const balance = await client.getBalance({ address: deployer })
  if (balance < needed) {
    throw new Error(`${deployer} has ${formatEther(balance)} ETH; the deployment may take ${formatEther(needed)} ETH`)
  }
}
