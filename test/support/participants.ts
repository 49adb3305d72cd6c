import {
  type Address,
  type Hash,
  type LocalAccount,
  maxUint256,
  parseEther,
  parseEventLogs,
  type TransactionReceipt,
  type TypedDataDefinition,
  zeroAddress,
} from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { claimTypedData } from '../../core/market/claimMessage.ts'
import { accountOf, roles } from '../../tools/devnet/accounts.ts'
import type { Chain } from '../../tools/devnet/chain.ts'
import { defaultTerms } from '../../tools/devnet/defaultTerms.ts'
import type { Contracts } from './contracts.ts'

export const usdc = 1_000_000n

/** An agent and the wallet that acts for it. */
export type Agent = { id: bigint; wallet: LocalAccount }

/**
 * The calls of posters and agents on a test's chain. Each call is mined when its promise resolves.
 * @param poster One of Anvil's accounts.
 */
export function participantsOf(
  { client, market, registry, staking, usdc: token, deployment }: Contracts & Pick<Chain, 'deployment'>,
  poster = accountOf(roles.deployer).address,
) {
  let last: Promise<unknown> = Promise.resolve()

  /** Sends after the previous transaction: Anvil gives transactions that it signs at the same time the same nonce. */
  function mined(send: () => Promise<Hash>): Promise<TransactionReceipt> {
    const receipt = last.then(send, send).then((hash) => client.waitForTransactionReceipt({ hash }))
    last = receipt
    return receipt.then((found) => {
      if (found.status !== 'success') throw new Error(`Transaction ${found.transactionHash} reverted`)
      return found
    })
  }

  async function fund(account: Address, spender: Address, amount: bigint) {
    await mined(() => token.write.mint([account, amount]))
    await mined(() => token.write.approve([spender, maxUint256], { account }))
  }

  const now = async () => (await client.getBlock()).timestamp

  return {
    poster,
    mined,
    now,
    /** Mints USDC base units to the account, and lets the contract take any amount of it. */
    fund,

    /** Registers an agent for one of Anvil's accounts, with `stake` at stake. */
    async newAgent(wallet: LocalAccount, stake = 20n * usdc): Promise<Agent> {
      const { logs } = await mined(() => registry.write.registerFor([wallet.address, 'ipfs://agent']))
      const [registered] = parseEventLogs({ abi: registry.abi, eventName: 'Registered', logs })
      if (!registered) throw new Error('No agent was registered')
      const id = registered.args.agentId
      const agent = { id, wallet }
      if (stake > 0n) await this.stake(agent, stake)
      return agent
    },

    async stake({ id, wallet }: Agent, amount: bigint) {
      await fund(wallet.address, staking.address, amount)
      await mined(() => staking.write.stake([id, amount], { account: wallet.address }))
    },

    /** Stakes the minimum for a wallet that is not one of Anvil's accounts. */
    async stakeFor({ id, wallet }: Agent) {
      await client.setBalance({ address: wallet.address, value: parseEther('1') })
      await client.impersonateAccount({ address: wallet.address })
      await this.stake({ id, wallet }, 20n * usdc)
    },

    /** Posts and funds a run. @param lifetime Seconds until its deadline. @param claimant The only wallet that may claim. */
    async openRun(reward = 100n * usdc, lifetime = 86_400n, claimant: Address = zeroAddress): Promise<bigint> {
      await fund(poster, market.address, reward + reward / 20n)
      const deadline = (await now()) + lifetime
      const terms = { ...defaultTerms, claimant }
      const { logs } = await mined(() => market.write.postBounty(['ipfs://run', reward, deadline, terms]))
      const [created] = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyCreated', logs })
      if (!created) throw new Error('No run was created')
      return created.args.bountyId
    },

    /** The wallet's signature of a claim, valid for ten minutes. `changes` replace parts of the signed message. */
    async sign(bountyId: bigint, { id: agentId, wallet }: Agent, changes: Partial<SignedWord> = {}) {
      const { round: claims, reward, stake, workPeriod, evaluator } = await market.read.getBounty([bountyId])
      const word: SignedWord = {
        chainId: deployment.chainId,
        address: market.address,
        signer: wallet,
        round: BigInt(claims) + 1n,
        deadline: (await now()) + 600n,
        ...changes,
      }
      const terms = { reward, stake, workPeriod: BigInt(workPeriod), evaluator }
      const claim = { bountyId, agentId, wallet: wallet.address, round: word.round, ...terms }
      const typedData = claimTypedData(word, claim, word.deadline) as TypedDataDefinition
      const signature = await word.signer.signTypedData(typedData)
      return { signature, deadline: Number(word.deadline) }
    },
  }
}

type SignedWord = { chainId: number; address: Address; signer: LocalAccount; round: bigint; deadline: bigint }

export type Participants = ReturnType<typeof participantsOf>
