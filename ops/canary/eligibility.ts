import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, BaseError, ContractFunctionRevertedError, isAddress, type PublicClient } from 'viem'
import { z } from 'zod'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { Deployment } from '../../core/deployment.ts'
import type { Api } from './api.ts'

/** The index may be a block behind the chain, and a claim may come between both reads. */
const ATTEMPTS = 5
const PAUSE_MS = 1_000

const id = z.union([z.int(), z.string()]).transform(BigInt)
const newestRun = z.object({ runs: z.array(z.object({ bountyId: id })) })
const firstAgent = z.object({ agents: z.array(z.object({ id })) })
const agentWallet = z.object({ walletAddress: z.custom<Address>((value) => isAddress(String(value))) })
const verdict = z.object({ eligible: z.boolean(), reasonCodes: z.array(z.string()) })

export type Pair = { runId: bigint; agentId: bigint }

/** The newest open run and agent, where none is given; undefined if the market has none. */
export async function choosePair(api: Api, given: Partial<Pair>): Promise<Pair | undefined> {
  const { runs } = await api.get('/api/runs?state=OPEN&limit=1', newestRun)
  const { agents } = await api.get('/api/agents?limit=1', firstAgent)
  const runId = given.runId ?? runs[0]?.bountyId
  const agentId = given.agentId ?? agents[0]?.id
  return runId === undefined || agentId === undefined ? undefined : { runId, agentId }
}

/**
 * Compares the API's verdict on a claim with the contract's own.
 * @returns the verdict. @throws if they disagree for as long as the index may be behind.
 */
export async function checkEligibility(api: Api, chain: PublicClient, { contracts }: Deployment, pair: Pair) {
  const { runId, agentId } = pair
  const { walletAddress: wallet } = await api.get(`/api/agents/${agentId}`, agentWallet)
  const path = `/api/runs/${runId}/claim-eligibility?agentId=${agentId}&walletAddress=${wallet}`
  for (let attempt = 1; ; attempt++) {
    const answer = await api.get(path, verdict)
    const refusal = await refusalOf(chain, contracts.BountyMarket, [runId, agentId, wallet])
    if (answer.eligible === (refusal === undefined)) return answer
    if (attempt === ATTEMPTS) {
      const ofApi = answer.eligible ? 'eligible' : answer.reasonCodes.join()
      throw new Error(`Agent ${agentId}, run ${runId}: the API says ${ofApi}, the contract ${refusal ?? 'eligible'}`)
    }
    await sleep(PAUSE_MS)
  }
}

/** The error with which the contract would refuse the claim; undefined if it would not. */
async function refusalOf(chain: PublicClient, address: Address, args: readonly [bigint, bigint, Address]) {
  try {
    await chain.readContract({ address, abi: bountyMarketAbi, functionName: 'checkClaim', args })
    return undefined
  } catch (error) {
    const reverted = error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError)
    if (!(reverted instanceof ContractFunctionRevertedError)) throw error
    return reverted.data?.errorName ?? 'refused'
  }
}
