/**
 * Gas of a run's life, from receipts on Anvil: by plain calls, by signatures that a relayer sends, and of claims in batches.
 * USDC is Circle's FiatToken 2.2 behind its proxy. Measured in the steady state: not the first run of the poster and the
 * agent, an infinite allowance, and no balance that rises from zero or falls to it.
 */
import {
  type Address,
  type Hex,
  keccak256,
  parseEther,
  parseEventLogs,
  stringToBytes,
  type TypedDataDefinition,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { accountMessage, accountTypedData } from '../../core/market/accountActions.ts'
import { accountCall } from '../../core/market/accountCall.ts'
import { type RunActionName, runCallData, runTypedData } from '../../core/market/runActions.ts'
import { deployCircleUsdc } from '../../test/support/circleUsdc.ts'
import { startMarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { type Agent, participantsOf, usdc } from '../../test/support/participants.ts'
import { accountOf, roles } from '../devnet/accounts.ts'
import { contentId } from '../devnet/contentId.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'

const BATCH = 50

/** Set, because Anvil estimates the least gas without a revert, and a batch that runs out of gas does not revert. */
const BATCH_GAS = 16_000_000n

/** The default terms lock a stake of 10 USDC for this reward. */
const REWARD = 100n * usdc

const DAY_SECONDS = 86_400n

type Market = Awaited<ReturnType<typeof startGasMarket>>

export async function measure() {
  const market = await startGasMarket()
  try {
    console.log('Lives by plain calls and by signatures')
    const agent = await market.newAgent('agent')
    await playLife(market, agent)
    // This run stays claimed, so that neither the market's escrow nor the agent's lock is zero from here on.
    await market.claim(await market.post(), agent)
    const life = await playLife(market, agent)
    await playSignedLife(market, agent)
    const signedLife = await playSignedLife(market, agent)
    console.log(`A batch of ${BATCH} claims`)
    const batch = await claimBatch(market)
    return {
      measurements: [
        { figure: 'a life', unit: 'gas', value: life, goal: { atMost: 272_000 } },
        { figure: 'a signed life', unit: 'gas', value: signedLife, goal: { atMost: 370_000 } },
        { figure: `a claim in a batch of ${BATCH}`, unit: 'gas', value: batch, goal: { atMost: 53_000 } },
      ],
      notes: ['A life is the post, the claim, the delivery and the approval of a run.'],
    }
  } finally {
    await market.stop()
  }
}

async function startGasMarket() {
  const chain = await startMarketOnAnvil({ flags: ['--auto-impersonate'], prepareUsdc: deployCircleUsdc })
  const { client, staking, market, deployment } = chain
  const poster = accountOf(2)
  const relayer = accountOf(roles.relayer).address
  const participants = participantsOf(chain, poster.address)
  const { fund, now, mined, sign } = participants
  await fund(poster.address, market.address, 1_000_000n * usdc)
  let spent = 0

  /** Sends a transaction, and counts its gas. */
  async function send(...[sending]: Parameters<typeof mined>) {
    const receipt = await mined(sending)
    spent += Number(receipt.gasUsed)
    return receipt
  }

  const byRelayer = ({ to, data }: { to: Address; data: Hex }) =>
    send(() => client.sendTransaction({ account: relayer, to, data, chain: null }))

  const runOf = ({ logs }: Awaited<ReturnType<typeof send>>): bigint => {
    const [created] = parseEventLogs({ abi: market.abi, eventName: 'BountyCreated', logs })
    if (!created) throw new Error('No run was created')
    return created.args.bountyId
  }

  const termsOf = async () => ({
    ipfsHash: contentId('terms'),
    reward: REWARD,
    deadline: (await now()) + 30n * DAY_SECONDS,
  })

  return {
    ...chain,
    poster,
    relayer,
    send,

    /** The gas of all that `play` sends. */
    async gasOf(play: () => Promise<unknown>): Promise<number> {
      spent = 0
      await play()
      return spent
    },

    /** An agent with 500 USDC at stake, and more in its wallet. @param name Its wallet's key is derived from it. */
    async newAgent(name: string): Promise<Agent> {
      const wallet = privateKeyToAccount(keccak256(stringToBytes(name)))
      await client.setBalance({ address: wallet.address, value: parseEther('1') })
      const agent = await participants.newAgent(wallet, 500n * usdc)
      await fund(wallet.address, staking.address, 1_000_000n * usdc)
      return agent
    },

    async post(): Promise<bigint> {
      const { ipfsHash, reward, deadline } = await termsOf()
      const args = [ipfsHash, reward, deadline, defaultTerms] as const
      return runOf(await send(() => market.write.postBounty(args, { account: poster.address })))
    },

    claim: (runId: bigint, { id, wallet }: Agent) =>
      send(() => market.write.claimBounty([runId, id], { account: wallet.address })),

    async postSigned(): Promise<bigint> {
      const contracts = { ...deployment, usdcDomain: { name: 'USD Coin', version: '2' } }
      const salt = keccak256(stringToBytes(`salt ${await market.read.bountyCount()}`))
      const validBefore = (await now()) + 600n
      const { evaluator, claimant } = defaultTerms
      const terms = { ...(await termsOf()), workPeriod: 0n, stakePercent: 0n, evaluator, claimant }
      const message = accountMessage('post', { poster: poster.address, ...terms, salt, validBefore })
      const typedData = accountTypedData(contracts, message) as unknown as TypedDataDefinition
      return runOf(await byRelayer(accountCall(contracts, message, await poster.signTypedData(typedData))))
    },

    /** The claim with the wallet's signature, as the market takes it. */
    async signClaim(bountyId: bigint, agent: Agent) {
      const { signature, deadline } = await sign(bountyId, agent)
      return { bountyId, agentId: agent.id, wallet: agent.wallet.address, deadline: BigInt(deadline), signature }
    },

    /** Signs an action of the run's first round, which the relayer sends. */
    async actSigned(action: RunActionName, bountyId: bigint, account: Agent['wallet'], text = '') {
      const message = {
        action,
        bountyId,
        party: account.address,
        round: 1n,
        revision: 0n,
        text,
        deadline: (await now()) + 600n,
      }
      const domain = { chainId: deployment.chainId, address: market.address }
      const signature = await account.signTypedData(runTypedData(domain, message) as unknown as TypedDataDefinition)
      await byRelayer({ to: market.address, data: runCallData(message, signature) })
    },
  }
}

function playLife({ market, poster, send, post, claim, gasOf }: Market, agent: Agent): Promise<number> {
  return gasOf(async () => {
    const runId = await post()
    await claim(runId, agent)
    await send(() => market.write.submitWork([runId, contentId('work')], { account: agent.wallet.address }))
    await send(() => market.write.approveWork([runId, 0], { account: poster.address }))
  })
}

function playSignedLife(market: Market, agent: Agent): Promise<number> {
  return market.gasOf(async () => {
    const runId = await market.postSigned()
    const { agentId, wallet, deadline, signature } = await market.signClaim(runId, agent)
    const args = [runId, agentId, wallet, deadline, signature] as const
    await market.send(() => market.market.write.claimBountyWithSig(args, { account: market.relayer }))
    await market.actSigned('submit', runId, agent.wallet, contentId('work'))
    await market.actSigned('approve', runId, market.poster)
  })
}

/** Claims of as many agents in one transaction. @returns the gas of each. @throws unless all are made. */
async function claimBatch({ market, relayer, newAgent, post, signClaim, send }: Market): Promise<number> {
  const claims: Awaited<ReturnType<typeof signClaim>>[] = []
  for (let place = 0; place < BATCH; place++) {
    const agent = await newAgent(`batched agent ${place}`)
    claims.push(await signClaim(await post(), agent))
  }
  const { logs, gasUsed } = await send(() => market.write.claimBatch([claims], { account: relayer, gas: BATCH_GAS }))
  const claimed = parseEventLogs({ abi: market.abi, eventName: 'BountyClaimed', logs }).length
  if (claimed !== BATCH) throw new Error(`Only ${claimed} of ${BATCH} batched claims were made`)
  return Math.round(Number(gasUsed) / BATCH)
}
