import { encodeFunctionData } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { decodeClaimError, explainClaimError } from '../../../core/market/contractErrors.ts'
import { revertOf } from '../../../src/api/relay/chain/client.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from './claimApi.ts'

let market: TestMarket
let people: Participants
let api: ReturnType<typeof claimApi>

const wallet = accountOf(2)
const otherWallet = accountOf(3)
const day = 86_400n

beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  api = claimApi(market.api.url)
  return market.stop
}, 120_000)

/** An agent of every status, at the boundaries of stake and lock, and with each kind of wallet. */
async function manyAgents(): Promise<Agent[]> {
  const { staking, registry, market: contract } = market
  const account = wallet.address
  const newAgent = (stake?: bigint) => people.newAgent(wallet, stake)
  const plain = await newAgent()
  const rich = await newAgent(500n * usdc)
  const unstaked = await newAgent(0n)
  const below = await newAgent(20n * usdc - 1n)

  const banned = await newAgent()
  const frozen = await newAgent(30n * usdc)
  const frozenAndBanned = await newAgent()
  for (const { id } of [frozen, frozenAndBanned]) {
    const runId = await people.openRun(50n * usdc, 300n * day)
    await people.mined(() => contract.write.claimBounty([runId, id], { account }))
    await market.client.increaseTime({ seconds: 7 * 86_400 + 1 })
    await people.mined(() => contract.write.slashExpired([runId]))
  }
  for (const { id } of [banned, frozenAndBanned]) await people.mined(() => staking.write.ban([id]))

  const half = await newAgent()
  const full = await newAgent()
  for (const { id } of [half, full, full]) {
    const runId = await people.openRun(100n * usdc)
    await people.mined(() => contract.write.claimBounty([runId, id], { account }))
  }

  const walletless = await newAgent()
  const sold = await newAgent()
  const delegated = await newAgent()
  await delegate(delegated)
  await people.mined(() => registry.write.unsetAgentWallet([walletless.id], { account }))
  await people.mined(() => registry.write.transferFrom([account, otherWallet.address, sold.id], { account }))
  return [plain, rich, unstaked, below, banned, frozen, frozenAndBanned, half, full, walletless, sold, delegated]
}

/** Sets the other wallet as the agent's wallet; the owner stays. */
async function delegate({ id }: Agent) {
  const { address, write } = market.registry
  const deadline = (await people.now()) + 240n
  const signature = await otherWallet.signTypedData({
    domain: { name: 'ERC8004IdentityRegistry', version: '1', chainId: 31337, verifyingContract: address },
    types: {
      AgentWalletSet: [
        { name: 'agentId', type: 'uint256' },
        { name: 'newWallet', type: 'address' },
        { name: 'owner', type: 'address' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'AgentWalletSet',
    message: { agentId: id, newWallet: otherWallet.address, owner: wallet.address, deadline },
  })
  const args = [id, otherWallet.address, deadline, signature] as const
  await people.mined(() => write.setAgentWallet(args, { account: wallet.address }))
}

/** A run in every state, at the boundaries of the locked stake, and past its deadline. */
async function manyRuns(holder: Agent): Promise<bigint[]> {
  const { write } = market.market
  const account = wallet.address
  const claimed = async (lifetime?: bigint) => {
    const runId = await people.openRun(usdc, lifetime)
    await people.mined(() => write.claimBounty([runId, holder.id], { account }))
    return runId
  }
  const submitted = async () => {
    const runId = await claimed()
    await people.mined(() => write.submitWork([runId, 'ipfs://work'], { account }))
    return runId
  }
  const draft = await people.openRun(usdc)
  await people.mined(() => write.closeBounty([draft]))
  const started = await claimed()
  await people.mined(() => write.startWork([started], { account }))
  const approved = await submitted()
  const revised = await submitted()
  const rejected = await submitted()
  await people.mined(() => write.approveWork([approved, 0]))
  await people.mined(() => write.requestRevision([revised, 'ipfs://again']))
  for (let revision = 0; revision < 3; revision++) {
    await people.mined(() => write.requestRevision([rejected, 'ipfs://again']))
    await people.mined(() => write.submitWork([rejected, 'ipfs://work'], { account }))
  }
  await people.mined(() => write.rejectWork([rejected]))
  const open = await Promise.all(
    [10_000n, 100n * usdc, 100n * usdc + 10n, 200n * usdc, 900n * usdc].map((reward) => people.openRun(reward)),
  )
  const passed = [await people.openRun(usdc, 60n), await claimed(60n)]
  await market.client.increaseTime({ seconds: 120 })
  await market.client.mine({ blocks: 1 })
  return [draft, ...open, await claimed(), started, await submitted(), approved, revised, rejected, ...passed]
}

/** The error of `checkClaim` at a block; undefined if it does not revert. */
async function checkAt(blockNumber: bigint, runId: bigint, agentId: bigint, claimant: `0x${string}`) {
  const data = encodeFunctionData({
    abi: bountyMarketAbi,
    functionName: 'checkClaim',
    args: [runId, agentId, claimant],
  })
  try {
    await market.client.call({ to: market.market.address, data, blockNumber })
    return undefined
  } catch (error) {
    const reason = decodeClaimError(revertOf(error)?.data ?? '0x')
    if (!reason) throw error
    return reason
  }
}

it('eligibility’s first reason is the error of checkClaim at the answer’s block, for every run, agent and wallet', {
  timeout: 180_000,
}, async () => {
  const agents = await manyAgents()
  const [, rich] = agents
  if (!rich) throw new Error('The agent with 500 USDC at stake is missing')
  const runs = await manyRuns(rich)
  await market.indexed()

  const seen = new Map<string, number>()
  for (const runId of runs) {
    for (const { id } of agents) {
      for (const claimant of [wallet, otherWallet]) {
        const { status, body, headers } = await api.eligibility(runId, { id, wallet: claimant })
        expect(status).toBe(200)
        const block = BigInt(headers.get('X-Indexed-Block') ?? -1)
        const error = await checkAt(block, runId, id, claimant.address)
        const { agentId, wallet: holder } = await market.market.read.getBounty([runId], { blockNumber: block })
        const expected =
          error && explainClaimError(error, agentId === 0 ? undefined : { agentId: BigInt(agentId), wallet: holder })
        const pair = `run ${runId}, agent ${id}, wallet ${claimant.address}, block ${block}`
        expect([body.eligible, body.reasonCodes[0], body.reasons[0]], pair).toEqual([
          error === undefined,
          expected?.code,
          expected?.sentence,
        ])
        seen.set(expected?.code ?? 'eligible', (seen.get(expected?.code ?? 'eligible') ?? 0) + 1)
      }
    }
  }
  expect([...seen.keys()].sort()).toEqual([
    'AGENT_BANNED',
    'AGENT_FROZEN',
    'INSUFFICIENT_STAKE',
    'INSUFFICIENT_UNLOCKED_STAKE',
    'RUN_DEADLINE_PASSED',
    'RUN_NOT_OPEN',
    'WALLET_MISMATCH',
    'eligible',
  ])
  expect([...seen.values()].reduce((sum, times) => sum + times)).toBe(runs.length * agents.length * 2)
})

describe('after a slash', () => {
  it('the run can be claimed again, the last round’s signature is invalid, and the slashed agent is frozen', async () => {
    const runId = await people.openRun(usdc, 300n * 86_400n)
    const agent = await people.newAgent(wallet)
    const slow = await people.newAgent(otherWallet)
    const word = await people.sign(runId, slow)
    const first = await api.claim(runId, slow, word)
    expect(first.status).toBe(200)
    await market.client.increaseTime({ seconds: 7 * 86_400 + 1 })
    await market.client.mine({ blocks: 1 })
    await people.mined(() => market.market.write.slashExpired([runId]))
    await market.indexed()

    expect(codeOf(await api.claim(runId, slow))).toEqual([403, 'AGENT_FROZEN'])
    expect(codeOf(await api.claim(runId, slow, word))).toEqual([401, 'SIGNATURE_EXPIRED'])
    const replayed = await people.sign(runId, slow, { round: 1n })
    expect(codeOf(await api.claim(runId, slow, replayed))).toEqual([401, 'INVALID_SIGNATURE'])
    expect((await api.eligibility(runId, slow)).body).toMatchObject({
      eligible: false,
      reasonCodes: ['AGENT_FROZEN', 'INSUFFICIENT_STAKE'],
    })

    const second = await api.claim(runId, agent, await people.sign(runId, agent))
    expect(second).toMatchObject({ status: 200, body: { run: { round: 2, claimedBy: Number(agent.id) } } })
    expect(second.body.claimId).not.toBe(first.body.claimId)
  })
})

describe('the deadline', () => {
  it('has passed one second later, for both eligibility and claim', async () => {
    const agent = await people.newAgent(wallet)
    const runId = await people.openRun(usdc, 30n)
    const { deadline } = await market.market.read.getBounty([runId])
    await market.client.setNextBlockTimestamp({ timestamp: BigInt(deadline) + 1n })
    await market.client.mine({ blocks: 1 })
    await market.indexed()
    const { body } = await api.eligibility(runId, agent)
    expect(body.reasonCodes).toEqual(['RUN_DEADLINE_PASSED'])
    expect(codeOf(await api.claim(runId, agent))).toEqual([400, 'RUN_DEADLINE_PASSED'])
  })
})
