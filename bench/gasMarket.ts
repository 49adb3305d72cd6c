import {
  type Address,
  type Hash,
  type Hex,
  keccak256,
  maxUint256,
  parseEther,
  parseEventLogs,
  stringToBytes,
  type TransactionReceipt,
} from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { accountCount, accountOf, roles } from '../devnet/accounts.ts'
import { startAnvil } from '../devnet/anvil.ts'
import { contentId } from '../devnet/contentId.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'
import { deploy } from '../ops/deploy.ts'
import { claimTypedData } from '../src/api/market/claimMessage.ts'
import { contractsOf } from '../test/support/contracts.ts'

const usdc = 1_000_000n
const day = 86_400n

/** The default terms lock a stake of 10 USDC for this reward of 100 USDC. */
const reward = 100n * usdc

/** An agent and the wallet that owns it and acts for it. */
export type Agent = { id: bigint; wallet: PrivateKeyAccount }

export type SignedClaim = { bountyId: bigint; agentId: bigint; wallet: Address; deadline: bigint; signature: Hex }

export type GasMarket = Awaited<ReturnType<typeof startGasMarket>>

/** Starts a market on an Anvil that mines each transaction at once. Every allowance is infinite. */
export async function startGasMarket() {
  const anvil = await startAnvil({ accounts: accountCount, flags: ['--auto-impersonate', '--steps-tracing'] })
  const { rpcUrl } = anvil
  const poster = accountOf(2).address
  const relayer = accountOf(roles.relayer).address
  const deployment = await deploy({
    rpcUrl,
    chainId: 31337,
    account: accountOf(roles.deployer),
    treasury: accountOf(roles.treasury).address,
    owner: accountOf(roles.owner).address,
    relayers: [relayer],
  })
  const { client, usdc: token, registry, staking, market } = contractsOf({ rpcUrl, deployment })

  async function receiptOf(sent: Promise<Hash>): Promise<TransactionReceipt> {
    const receipt = await client.waitForTransactionReceipt({ hash: await sent, pollingInterval: 10 })
    if (receipt.status !== 'success') throw new Error(`Transaction ${receipt.transactionHash} reverted`)
    return receipt
  }

  async function fund(account: Address, spender: Address) {
    await receiptOf(token.write.mint([account, 1_000_000n * usdc]))
    await receiptOf(token.write.approve([spender, maxUint256], { account }))
  }

  const inSeconds = async (seconds: bigint) => (await client.getBlock()).timestamp + seconds

  await fund(poster, market.address)
  return {
    rpcUrl,
    stop: anvil.stop,
    poster,
    relayer,
    staking,
    market,
    receiptOf,

    /** Registers an agent with 500 USDC at stake. @param name The wallet's key is derived from it. */
    async newAgent(name: string): Promise<Agent> {
      const wallet = privateKeyToAccount(keccak256(stringToBytes(name)))
      await client.setBalance({ address: wallet.address, value: parseEther('1') })
      const { logs } = await receiptOf(registry.write.registerFor([wallet.address, 'ipfs://agent']))
      const [registered] = parseEventLogs({ abi: registry.abi, eventName: 'Registered', logs })
      if (!registered) throw new Error('No agent was registered')
      await fund(wallet.address, staking.address)
      await receiptOf(staking.write.stake([registered.args.agentId, 500n * usdc], { account: wallet.address }))
      return { id: registered.args.agentId, wallet }
    },

    termsOfRun: async () => [contentId('terms'), reward, await inSeconds(30n * day), defaultTerms] as const,

    /** Signs the first claim of a run. */
    async signClaim(bountyId: bigint, { id: agentId, wallet }: Agent): Promise<SignedClaim> {
      const deadline = await inSeconds(1_800n)
      const terms = { reward, stake: reward / 10n, workPeriod: 604_800n }
      const claim = { bountyId, agentId, wallet: wallet.address, round: 1n, ...terms }
      const domain = { chainId: deployment.chainId, address: market.address }
      const signature = await wallet.signTypedData(claimTypedData(domain, claim, deadline))
      return { bountyId, agentId, wallet: wallet.address, deadline, signature }
    },

    /** Moves the clock so far that deliveries and reviews are overdue. */
    async passAWeek() {
      await client.increaseTime({ seconds: Number(7n * day + 1n) })
      await client.mine({ blocks: 1 })
    },
  }
}
