import { toFunctionSelector } from 'viem'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createRpc } from '../../../src/api/relay/chain/client.ts'
import { createHeads } from '../../../src/api/relay/chain/heads.ts'
import type { ClaimRequest } from '../../../src/api/relay/kinds/claims/message.ts'
import { simulateTogether } from '../../../src/api/relay/kinds/claims/simulate.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type RpcProxy, says, startRpcProxy } from '../../support/rpcProxy.ts'
import type { RpcCall } from '../../support/staleNode.ts'
import { relayer, relayOn, requestOf, resultOf, signedRequestOf } from './claimsOnChain.ts'

let chain: TestChain
let node: RpcProxy
let people: Participants
let relay: Relay
let agent: Agent
let poor: Agent
let broke: Agent

beforeAll(async () => {
  chain = await startTestChain({})
  node = await startRpcProxy(chain.rpcUrl)
  relay = await relayOn({ ...chain, rpcUrl: node.url, databaseUrl: await freshDatabase() })
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  poor = await people.newAgent(accountOf(3), 20n * usdc)
  broke = await people.newAgent(accountOf(4), 19n * usdc)
  return async () => {
    await relay.close()
    await node.stop()
    await chain.stop()
  }
}, 60_000)

afterEach(() => node.heal())

const signed = (runId: bigint, by: Agent, changes?: { deadline: bigint }) => signedRequestOf(people, runId, by, changes)

/** Twelve claims that are won, between six that fail, each for another reason. */
async function mixed(): Promise<[ClaimRequest, string][]> {
  const runIds = await Promise.all(Array.from({ length: 17 }, () => people.openRun(usdc)))
  const [forged = 0n, late = 0n, foreign = 0n, staked = 0n, taken = 0n, ...open] = runIds
  await chain.market.write.claimBounty([taken, agent.id], { account: agent.wallet.address })
  const word = await signed(forged, agent)
  const good = open.map(
    async (runId, index): Promise<[ClaimRequest, string]> => [
      index % 2 === 0 ? requestOf(runId, agent) : await signed(runId, agent),
      'done',
    ],
  )
  const bad: [ClaimRequest, string][] = [
    [{ ...word, message: { ...word.message, bountyId: open[0] ?? 0n, agentId: poor.id } }, 'INVALID_SIGNATURE'],
    [await signed(late, agent, { deadline: 1n }), 'SIGNATURE_EXPIRED'],
    [requestOf(foreign, { ...agent, wallet: poor.wallet }), 'WALLET_MISMATCH'],
    [requestOf(staked, broke), 'INSUFFICIENT_STAKE'],
    [requestOf(taken, poor), 'RUN_NOT_OPEN'],
    [requestOf(999_999n, agent), 'RUN_NOT_FOUND'],
  ]
  const first = bad.slice(0, 3)
  const rest = bad.slice(3)
  return [...first, ...(await Promise.all(good)), ...rest]
}

const selector = toFunctionSelector('claimBatch((uint256,uint256,address,uint256,bytes)[])')

const isTrialOfMany = ({ method, params }: RpcCall) =>
  method === 'eth_call' && (params[0] as { data?: string }).data?.startsWith(selector) === true

/** Sends all claims concurrently. @returns the number of calls by description. */
async function claimAll(claims: [ClaimRequest, string][], refuseTogether = false) {
  const calls = { together: 0, alone: 0 }
  node.from((call) => {
    if (call.method === 'eth_estimateGas') calls.alone++
    if (!isTrialOfMany(call)) return undefined
    calls.together++
    return refuseTogether ? says('gas limit of the call is above the cap') : undefined
  })
  const results = await Promise.all(claims.map(([request]) => resultOf(relay, request)))
  expect(results).toEqual(claims.map(([, result]) => result))
  return calls
}

describe('concurrent claims', () => {
  it('are simulated together, and each that fails is refused for its own reason', async () => {
    const { together, alone } = await claimAll(await mixed())
    expect(together).toBeGreaterThan(0)
    // The two that fail in simulation, some of them twice, and one or two that came before the others.
    expect(alone).toBeLessThan(12)
  })

  it('are simulated one by one if the node refuses so many at once', async () => {
    const { together, alone } = await claimAll(await mixed(), true)
    expect(together).toBeGreaterThan(0)
    // The twelve that are won, and the two whose failure neither run nor signature shows.
    expect(alone).toBeGreaterThanOrEqual(14)
  })

  it('fit into one simulation even if they fill a transaction', { timeout: 60_000 }, async () => {
    const runIds = await Promise.all(Array.from({ length: 50 }, () => people.openRun(usdc)))
    const { chainId, contracts } = chain.deployment
    const client = createRpc(chain.rpcUrl)
    const market = { client, chainId, address: contracts.BountyMarket, staking: contracts.AgentStaking }
    const requests = runIds.map((runId) => requestOf(runId, agent))
    const heads = createHeads(client, { highestBlock: () => 0 }, 100)
    expect(await simulateTogether(market, relayer.address, requests, await heads.latest())).toHaveLength(50)
  })

  // A run of 400 USDC puts 20 at risk.
  it('of an agent whose stake covers one of them are won once', async () => {
    const runIds = await Promise.all(Array.from({ length: 5 }, () => people.openRun(400n * usdc)))
    const results = await Promise.all(runIds.map((runId) => resultOf(relay, requestOf(runId, poor))))
    expect(results.toSorted()).toEqual([...Array(4).fill('INSUFFICIENT_UNLOCKED_STAKE'), 'done'])
  })
})
