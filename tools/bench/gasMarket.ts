import { type Address, type Hex, keccak256, parseEther, stringToBytes } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { deployCircleUsdc } from '../../test/support/circleUsdc.ts'
import { startMarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { type Agent, participantsOf, usdc } from '../../test/support/participants.ts'
import { accountOf, roles } from '../devnet/accounts.ts'
import { contentId } from '../devnet/contentId.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'

const day = 86_400n

/** The default terms lock a stake of 10 USDC for this reward of 100 USDC. */
const reward = 100n * usdc

export type SignedClaim = { bountyId: bigint; agentId: bigint; wallet: Address; deadline: bigint; signature: Hex }

export type GasMarket = Awaited<ReturnType<typeof startGasMarket>>

/**
 * Starts a market on an Anvil that mines each transaction at once. Every allowance is infinite. USDC is Circle's, behind its
 * proxy.
 */
export async function startGasMarket() {
  const chain = await startMarketOnAnvil({
    flags: ['--auto-impersonate', '--steps-tracing'],
    prepareUsdc: deployCircleUsdc,
  })
  const { client, usdc: token, staking, market, rpcUrl } = chain
  const participants = participantsOf(chain, accountOf(2).address)
  const { poster, fund, now } = participants
  await fund(poster, market.address, 1_000_000n * usdc)
  return {
    rpcUrl,
    client,
    fund,
    usdc: token.address,
    stop: chain.stop,
    poster,
    relayer: accountOf(roles.relayer).address,
    staking,
    market,
    mined: participants.mined,

    /** Registers an agent with 500 USDC at stake, and more in its wallet. @param name Its wallet's key is derived from it. */
    async newAgent(name: string): Promise<Agent> {
      const wallet = privateKeyToAccount(keccak256(stringToBytes(name)))
      await client.setBalance({ address: wallet.address, value: parseEther('1') })
      const agent = await participants.newAgent(wallet, 500n * usdc)
      await fund(wallet.address, staking.address, 1_000_000n * usdc)
      return agent
    },

    termsOfRun: async () => [contentId('terms'), reward, (await now()) + 30n * day, defaultTerms] as const,

    async signClaim(bountyId: bigint, agent: Agent): Promise<SignedClaim> {
      const { signature, deadline } = await participants.sign(bountyId, agent)
      return { bountyId, agentId: agent.id, wallet: agent.wallet.address, deadline: BigInt(deadline), signature }
    },

    /** Moves the clock so far that deliveries and reviews are overdue. */
    async passAWeek() {
      await client.increaseTime({ seconds: Number(7n * day + 1n) })
      await client.mine({ blocks: 1 })
    },
  }
}
