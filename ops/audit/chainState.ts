import {
  type Abi,
  type Address,
  BaseError,
  ContractFunctionExecutionError,
  type ContractFunctionName,
  type ContractFunctionParameters,
  type ContractFunctionReturnType,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  type Hash,
  type PublicClient,
  zeroAddress,
} from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { Deployment } from '../../core/deployment.ts'
import { runStates } from '../../ponder.schema.ts'
import { agentStatuses } from '../../src/api/queries/agents.ts'

/** BountyMarket.REVIEW_PERIOD, in seconds. */
const REVIEW_PERIOD = 7n * 86_400n

/** BountyMarket.FEE_BPS: the part of a reward that the poster pays on top, in 1/10,000. */
const FEE_BPS = 500n

/**
 * The calldata in one `eth_call`, enough for 38 calls. A deployless multicall returns its answer as a contract's code,
 * which EIP-170 limits to 24,576 bytes; a bounty takes 608 of them.
 */
const MAX_CALLDATA_BYTES = 38 * 36

/** The views that revert for what does not exist. */
const revertingViews = new Set(['getBounty', 'ownerOf', 'getAgentWallet'])

type Client = Pick<PublicClient, 'multicall' | 'readContract'>

/**
 * Reads the contracts' state at one block, in the form of our tables' columns. It names the block by its hash, so that
 * the node refuses, rather than answer for another block, once the block is not canonical or its state is pruned.
 */
export class ChainState {
  readonly #client: Client
  readonly #contracts: Deployment['contracts']
  readonly #block: { blockHash: Hash; requireCanonical: true }

  constructor(client: Client, { contracts }: Deployment, blockHash: Hash) {
    this.#client = client
    this.#contracts = contracts
    this.#block = { blockHash, requireCanonical: true }
  }

  /** How many bounties there are; their ids are 1 to this number. */
  bountyCount(): Promise<bigint> {
    const address = this.#contracts.BountyMarket
    return this.#client.readContract({ address, abi: bountyMarketAbi, functionName: 'bountyCount', ...this.#block })
  }

  /**
   * The bounties' rows, without the strings and past times, which only events have.
   * @throws if the chain cannot be read.
   */
  async runs(ids: readonly bigint[]) {
    const bounties = await this.#callEach(this.#contracts.BountyMarket, bountyMarketAbi, 'getBounty', ids)
    return bounties.flatMap((bounty, index) => (bounty ? runOf(ids[index] as bigint, bounty) : []))
  }

  /**
   * The agents' rows, without URI, registration and volume, which only events have. An id that neither registry nor
   * staking knows has an empty row.
   * @throws if the chain cannot be read.
   */
  async agents(ids: readonly bigint[]) {
    const { AgentRegistry, AgentStaking } = this.#contracts
    const [owners, wallets, accounts, statuses] = await Promise.all([
      this.#callEach(AgentRegistry, agentRegistryAbi, 'ownerOf', ids),
      this.#callEach(AgentRegistry, agentRegistryAbi, 'getAgentWallet', ids),
      this.#callEach(AgentStaking, agentStakingAbi, 'accountOf', ids),
      this.#callEach(AgentStaking, agentStakingAbi, 'statusOf', ids),
    ])
    return ids.map((id, index) => {
      const [stakedAmount, lockedAmount, stakedAt, completions, slashes, frozen, banned] = accounts[index] ?? []
      const owner = addressOf(owners[index])
      const agentWallet = addressOf(wallets[index])
      // `statusOf` answers for every id, but the index has a status for registered agents only.
      const status = owner === null ? null : agentStatuses[statuses[index] ?? -1]
      const amounts = { stakedAmount, lockedAmount, stakedAt }
      const record = { completions: Number(completions), slashes: Number(slashes), frozen, banned }
      return { id, owner, agentWallet, status, ...amounts, ...record }
    })
  }

  /**
   * What the market owes each payee by its view; the treasury's includes fees.
   * @throws if the chain cannot be read.
   */
  async payees(addresses: readonly Address[]) {
    const debts = await this.#callEach(this.#contracts.BountyMarket, bountyMarketAbi, 'owed', addresses)
    return addresses.map((address, index) => ({ address, owed: debts[index] }))
  }

  /**
   * The lost stake that the staking contract could not burn.
   * @throws if the chain cannot be read.
   */
  unburned(): Promise<bigint> {
    const address = this.#contracts.AgentStaking
    return this.#client.readContract({ address, abi: agentStakingAbi, functionName: 'unburned', ...this.#block })
  }

  /**
   * The payee of the fees, in lower case.
   * @throws if the chain cannot be read.
   */
  async treasury() {
    const address = this.#contracts.BountyMarket
    const treasury = await this.#client.readContract({
      address,
      abi: bountyMarketAbi,
      functionName: 'TREASURY',
      ...this.#block,
    })
    return treasury.toLowerCase() as Address
  }

  /**
   * Calls a view of one argument, in few requests. Deployless: the chain needs no Multicall3.
   * @returns undefined where a view in `revertingViews` reverts.
   * @throws if the chain cannot be read.
   */
  async #callEach<const abi extends Abi, name extends ContractFunctionName<abi, 'view'>>(
    address: Address,
    abi: abi,
    functionName: name,
    args: readonly unknown[],
  ) {
    const answers = await this.#client.multicall({
      contracts: args.map((arg): ContractFunctionParameters => ({ address, abi, functionName, args: [arg] })),
      deployless: true,
      batchSize: MAX_CALLDATA_BYTES,
      ...this.#block,
    })
    return answers.map(({ error, result }) => {
      if (error && !(revertingViews.has(functionName) && isRevert(error))) throw error
      return result as ContractFunctionReturnType<abi, 'view', name> | undefined
    })
  }
}

/**
 * Whether the contract reverted. If `aggregate3` itself failed, viem reports its error for each call in it: it says
 * nothing about a call.
 */
function isRevert(error: Error): boolean {
  if (error instanceof ContractFunctionExecutionError && error.functionName === 'aggregate3') return false
  const isRefusal = (cause: unknown) =>
    cause instanceof ContractFunctionRevertedError || cause instanceof ContractFunctionZeroDataError
  return error instanceof BaseError && error.walk(isRefusal) !== null
}

/** An agent's address in the form of our tables: lower case, null for none. */
const addressOf = (address: Address | undefined) =>
  address === undefined || address === zeroAddress ? null : address.toLowerCase()

type Bounty = ContractFunctionReturnType<typeof bountyMarketAbi, 'view', 'getBounty'>

function runOf(bountyId: bigint, bounty: Bounty) {
  const state = runStates[bounty.state - 1]
  const claimedByWallet = bounty.wallet === zeroAddress ? null : bounty.wallet
  const isClaimed = claimedByWallet !== null
  const isAgentDue = state === 'CLAIMED' || state === 'IN_PROGRESS' || state === 'REVISION_REQUESTED'
  return {
    bountyId,
    posterAddress: bounty.poster,
    reward: bounty.reward,
    fee: (bounty.reward * FEE_BPS) / 10_000n,
    deadline: BigInt(bounty.deadline),
    state,
    claimedBy: isClaimed ? BigInt(bounty.agentId) : null,
    claimedByWallet,
    stake: isClaimed ? bounty.stake : null,
    submitBy: isAgentDue ? BigInt(bounty.since + bounty.workPeriod) : null,
    reviewBy: state === 'SUBMITTED' ? BigInt(bounty.since) + REVIEW_PERIOD : null,
    revisions: bounty.revisions,
    round: bounty.round,
    workPeriod: bounty.workPeriod,
    stakeRequired: bounty.stake,
    evaluator: bounty.evaluator === zeroAddress ? null : bounty.evaluator,
    closing: bounty.closing,
    claimant: bounty.claimant === zeroAddress ? null : bounty.claimant,
    namings: bounty.namings,
  }
}
