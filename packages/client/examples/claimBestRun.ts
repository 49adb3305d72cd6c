import { type Claim, createRunlineClient, isProblem, type MarketAddress, type Signer } from '@runline/client'

type Agent = { url: string; market: MarketAddress; agentId: number; signer: Signer }

/** Claims the run with the highest reward that the agent may claim. @returns undefined if there is none. */
export async function claimBestRun({ url, market, agentId, signer }: Agent): Promise<Claim | undefined> {
  const runline = createRunlineClient({ url, market })
  for await (const { bountyId } of runline.runs.all({ claimable: true, sort: 'reward' })) {
    const { eligible } = await runline.agents.canClaimRun({ agentId, runId: bountyId })
    if (!eligible) continue
    try {
      // Whatever its terms are, the agent has read them.
      return await runline.runs.claim(await runline.runs.get(bountyId), { agentId, signer })
    } catch (error) {
      // Another agent has claimed the run since the list was read.
      if (!isProblem(error, 'RUN_NOT_OPEN')) throw error
    }
  }
  return undefined
}
