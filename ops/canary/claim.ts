import { setTimeout as sleep } from 'node:timers/promises'
import type { PublicClient, TypedDataDefinition } from 'viem'
import { z } from 'zod'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { type Deployment, marketOf } from '../../core/deployment.ts'
import { claimTypedData } from '../../core/market/claimMessage.ts'
import type { Api } from './api.ts'
import type { OwnRun } from './ownRun.ts'

const VALIDITY_SECONDS = 600n

/** How long a claim may take to be decided after a 202, and the index to show it. */
const TIMEOUT_MS = 20_000
const POLL_MS = 200

const claimAnswer = z.object({ success: z.boolean(), claimId: z.string() })
const claimState = z.object({ state: z.string() })
const claimedRun = z.object({ claimedByWallet: z.string().nullable() })

/**
 * Claims the run with a signature of the agent's wallet, of a message with the contract's terms.
 * @throws if the API refuses, or the run does not show the wallet as its holder.
 */
export async function claimRun(chain: PublicClient, deployment: Deployment, api: Api, own: OwnRun): Promise<void> {
  const { runId, agentId, wallet } = own
  const { claimId, success } = await api.post(
    `/api/runs/${runId}/claim`,
    await signedClaim(chain, deployment, own),
    claimAnswer,
  )
  if (!success) {
    await untilDone(`Claim ${claimId} is not decided`, async () => {
      const { state } = await api.get(`/api/claims/${claimId}`, claimState)
      if (state === 'refused') throw new Error(`Claim ${claimId} is refused`)
      return state === 'mined' || state === 'final'
    })
  }
  await untilDone(`Run ${runId} does not show the claim of agent ${agentId}`, async () => {
    const { claimedByWallet } = await api.get(`/api/runs/${runId}`, claimedRun)
    return claimedByWallet?.toLowerCase() === wallet.address.toLowerCase()
  })
}

async function signedClaim(chain: PublicClient, deployment: Deployment, { runId, agentId, wallet }: OwnRun) {
  const market = marketOf(deployment)
  const call = { address: market.address, abi: bountyMarketAbi, functionName: 'getBounty', args: [runId] } as const
  const { round, reward, stake, workPeriod, evaluator } = await chain.readContract(call)
  const claim = {
    bountyId: runId,
    agentId,
    wallet: wallet.address,
    round: BigInt(round) + 1n,
    reward,
    stake,
    workPeriod: BigInt(workPeriod),
    evaluator,
  }
  const deadline = (await chain.getBlock()).timestamp + VALIDITY_SECONDS
  const signature = await wallet.signTypedData(claimTypedData(market, claim, deadline) as TypedDataDefinition)
  return { agentId: String(agentId), walletAddress: wallet.address, signature, deadline: String(deadline) }
}

/** Waits until `isDone`. @throws an error with the text after the timeout, and what `isDone` throws. */
async function untilDone(text: string, isDone: () => Promise<boolean>) {
  for (const deadline = Date.now() + TIMEOUT_MS; !(await isDone()); await sleep(POLL_MS)) {
    if (Date.now() > deadline) throw new Error(`${text} after ${TIMEOUT_MS / 1_000} s`)
  }
}
