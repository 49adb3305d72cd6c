import {
  type Address,
  BaseError,
  ContractFunctionExecutionError,
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
import { runStates } from '../../ponder.schema.ts'
import type { Deployment } from '../../src/api/deployment.ts'
import { agentStatuses } from '../../src/api/queries/agents.ts'

/** BountyMarket.REVIEW_PERIOD, in seconds. */
const REVIEW_PERIOD = 7n * 86_400n

/** BountyMarket.FEE_BPS: the part of a reward that the poster pays on top, in 1/10,000. */
const FEE_BPS = 500n

/**
 * Of the calls in one `eth_call`: 40 of them. The answer of a deployless multicall counts as a contract's code, of which
 * EIP-170 allows 24,576 bytes; a bounty takes 512 of them.
 */
const CALLDATA_BYTES = 40 * 36

/**
 * What the contracts say at one block, in the form of our tables' columns. The block is named by its hash: where it is
 * no longer canonical, or the node has pruned its state, the node refuses instead of answering for another.
 */
export class ChainState {
  readonly #client: PublicClient
  readonly #contracts: Deployment['contracts']
  readonly #block: { blockHash: Hash; requireCanonical: true }

  constructor(client: PublicClient, { contracts }: Deployment, blockHash: Hash) {
    this.#client = client
    this.#contracts = contracts
    this.#block = { blockHash, requireCanonical: true }
  }

  /** How many bounties there are; their ids go from 1 to it. */
  bountyCount(): Promise<bigint> {
    const address = this.#contracts.BountyMarket
    return this.#client.readContract({ address, abi: bountyMarketAbi, functionName: 'bountyCount', ...this.#block })
  }

  /**
   * The bounties' rows, undefined where there is none; without the strings and the past times, which are in events only.
   * @throws if the chain cannot be read.
   */
  async runs(ids: readonly bigint[]): Promise<(ReturnType<typeof runOf> | undefined)[]> {
    const market = { address: this.#contracts.BountyMarket, abi: bountyMarketAbi } as const
    const bounties = await this.#client.multicall({
      contracts: ids.map((id) => ({ ...market, functionName: 'getBounty' as const, args: [id] as const })),
      ...this.#manyAtOnce(),
    })
    return bounties.map((answer, index) => {
      const bounty = unlessReverted(answer)
      return bounty && bounty.state !== 0 ? runOf(ids[index] as bigint, bounty) : undefined
    })
  }

  /**
   * The agents' rows, without URI, registration and volume, which are in events only. Where neither registry nor staking knows the
   * id, all is empty.
   * @throws if the chain cannot be read.
   */
  async agents(ids: readonly bigint[]): Promise<Record<string, unknown>[]> {
    const { AgentRegistry, AgentStaking } = this.#contracts
    const registry = { address: AgentRegistry, abi: agentRegistryAbi } as const
    const staking = { address: AgentStaking, abi: agentStakingAbi } as const
    const options = this.#manyAtOnce()
    const calls = <const name extends string>(functionName: name) =>
      ids.map((id) => ({ functionName, args: [id] as const }))
    const [owners, wallets, accounts, statuses] = await Promise.all([
      this.#client.multicall({ contracts: calls('ownerOf').map((call) => ({ ...registry, ...call })), ...options }),
      this.#client.multicall({
        contracts: calls('getAgentWallet').map((call) => ({ ...registry, ...call })),
        ...options,
      }),
      this.#client.multicall({ contracts: calls('accountOf').map((call) => ({ ...staking, ...call })), ...options }),
      this.#client.multicall({ contracts: calls('statusOf').map((call) => ({ ...staking, ...call })), ...options }),
    ])
    return ids.map((id, index) => {
      const account = resultOf(accounts[index])
      const status = agentStatuses[resultOf(statuses[index])]
      const owner = addressOf(unlessReverted(owners[index]))
      const agent = agentOf(id, owner, addressOf(unlessReverted(wallets[index])), account)
      // There is a status of every id, but the index tells it of registered agents only.
      return owner === null ? agent : { ...agent, status }
    })
  }

  /**
   * What the market owes to each payee, in USDC base units.
   * @throws if the chain cannot be read.
   */
  async owed(payees: readonly Address[]): Promise<bigint[]> {
    const market = { address: this.#contracts.BountyMarket, abi: bountyMarketAbi } as const
    const debts = await this.#client.multicall({
      contracts: payees.map((payee) => ({ ...market, functionName: 'owed' as const, args: [payee] as const })),
      ...this.#manyAtOnce(),
    })
    return debts.map(resultOf)
  }

  /** Deployless: creating the contract and calling it is one `eth_call`, on chains without Multicall3 too. */
  #manyAtOnce() {
    return { deployless: true, allowFailure: true, batchSize: CALLDATA_BYTES, ...this.#block } as const
  }
}

type Answer<Result> = { status: 'success'; result: Result } | { status: 'failure'; error: Error; result?: undefined }

/** Undefined where the contract refused. @throws what else failed. */
function unlessReverted<Result>(answer: Answer<Result> | undefined): Result | undefined {
  if (answer?.status !== 'failure') return resultOf(answer)
  const { error } = answer
  // Where `aggregate3` itself failed, its error stands for each of the calls in it, and says nothing of them.
  const isOfAll = error instanceof ContractFunctionExecutionError && error.functionName === 'aggregate3'
  const isRefusal = (cause: unknown) =>
    cause instanceof ContractFunctionRevertedError || cause instanceof ContractFunctionZeroDataError
  if (!isOfAll && error instanceof BaseError && error.walk(isRefusal)) return undefined
  throw error
}

/** @throws if there is none. */
function resultOf<Result>(answer: Answer<Result> | undefined): Result {
  if (!answer) throw new Error('The node answered fewer calls than it was asked')
  if (answer.status === 'failure') throw answer.error
  return answer.result
}

/** As our tables hold the addresses of agents. */
const addressOf = (address: Address | undefined) =>
  address === undefined || address === zeroAddress ? null : address.toLowerCase()

type Bounty = ContractFunctionReturnType<typeof bountyMarketAbi, 'view', 'getBounty'>

function runOf(bountyId: bigint, bounty: Bounty) {
  const state = runStates[bounty.state - 1]
  const claimedByWallet = bounty.wallet === zeroAddress ? null : bounty.wallet
  const isClaimed = claimedByWallet !== null
  const isAgentsMove = state === 'CLAIMED' || state === 'IN_PROGRESS' || state === 'REVISION_REQUESTED'
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
    submitBy: isAgentsMove ? BigInt(bounty.since + bounty.workPeriod) : null,
    reviewBy: state === 'SUBMITTED' ? BigInt(bounty.since) + REVIEW_PERIOD : null,
    revisions: bounty.revisions,
    round: bounty.round,
    workPeriod: bounty.workPeriod,
    stakeRequired: bounty.stake,
    evaluator: bounty.evaluator === zeroAddress ? null : bounty.evaluator,
  }
}

type Account = readonly [bigint, bigint, bigint, bigint, bigint, boolean, boolean]

function agentOf(id: bigint, owner: string | null, agentWallet: string | null, account: Account) {
  const [stakedAmount, lockedAmount, stakedAt, completions, slashes, frozen, banned] = account
  return {
    id,
    owner,
    agentWallet,
    stakedAmount,
    lockedAmount,
    stakedAt,
    completions: Number(completions),
    slashes: Number(slashes),
    frozen,
    banned,
  }
}
