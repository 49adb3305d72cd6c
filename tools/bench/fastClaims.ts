import { setTimeout as sleep } from 'node:timers/promises'
import { encodeFunctionData, type Hex, parseGwei } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { MarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { type Agent, participantsOf } from '../../test/support/participants.ts'
import { type Measurement, percentile, slowest } from './figure.ts'
import { GOLDEN_RATIO } from './latency.ts'

const BLOCK_MS = 200
const POLL_MS = 5
const CLAIM_GAS = 500_000n

/** A process that has just started compiles its code while it makes its first claims. An API in production has done so. */
export const WARM_UP = 20

type Options = {
  chain: MarketOnAnvil
  apiUrl: string
  agent: Agent
  /** The first `WARM_UP` are claimed without being measured. */
  runIds: readonly bigint[]
  /** Ends the names of the figures. */
  variant: string
}

/**
 * Claims one by one, in turn by a signed claim to the API until its answer, and by a raw transaction of the agent's wallet until
 * its receipt. Their starts are spread over the time between blocks.
 */
export async function claimLatencies({ chain, apiUrl, agent, runIds, variant }: Options): Promise<Measurement[]> {
  console.log(`Claims, by the API and as raw transactions${variant}`)
  const { client, market, deployment } = chain
  const people = participantsOf(chain)
  const times: { ours: number[]; raw: number[] } = { ours: [], raw: [] }

  async function claimByApi(runId: bigint): Promise<number> {
    const body = JSON.stringify({
      agentId: Number(agent.id),
      walletAddress: agent.wallet.address,
      ...(await people.sign(runId, agent)),
    })
    const headers = { 'Content-Type': 'application/json' }
    const startedAt = performance.now()
    const response = await fetch(`${apiUrl}/api/runs/${runId}/claim`, { method: 'POST', headers, body })
    if (response.status !== 200)
      throw new Error(`The claim of run ${runId} answered ${response.status}: ${await response.text()}`)
    await response.arrayBuffer()
    return performance.now() - startedAt
  }

  async function claimRaw(runId: bigint): Promise<number> {
    const serializedTransaction = await agent.wallet.signTransaction({
      type: 'eip1559',
      chainId: deployment.chainId,
      to: market.address,
      gas: CLAIM_GAS,
      nonce: await client.getTransactionCount({ address: agent.wallet.address }),
      maxFeePerGas: parseGwei('20'),
      maxPriorityFeePerGas: parseGwei('1'),
      data: encodeFunctionData({ abi: bountyMarketAbi, functionName: 'claimBounty', args: [runId, agent.id] }),
    })
    const startedAt = performance.now()
    const hash = await client.request({ method: 'eth_sendRawTransaction', params: [serializedTransaction] })
    for (;;) {
      const receipt = await receiptOf(hash)
      if (receipt?.status === '0x1') return performance.now() - startedAt
      if (receipt) throw new Error(`The raw claim of run ${runId} failed in transaction ${hash}`)
      await sleep(POLL_MS)
    }
  }

  const receiptOf = (hash: Hex) => client.request({ method: 'eth_getTransactionReceipt', params: [hash] })

  for (const [place, runId] of runIds.entries()) {
    await sleep(BLOCK_MS * ((GOLDEN_RATIO * place) % 1))
    const isOurs = place % 2 === 0
    const milliseconds = await (isOurs ? claimByApi(runId) : claimRaw(runId))
    if (place >= WARM_UP) times[isOurs ? 'ours' : 'raw'].push(milliseconds)
  }
  const tail = slowest(times.ours)
  return [
    {
      figure: `a signed claim until its answer, p50${variant}`,
      unit: 'ms',
      value: percentile(times.ours, 0.5),
      baseline: percentile(times.raw, 0.5),
      goal: { ratioAtMost: 1.8 },
    },
    {
      figure: `a signed claim until its answer, ${tail.name}${variant}`,
      unit: 'ms',
      value: tail.value,
      baseline: slowest(times.raw).value,
      goal: { ratioAtMost: 2 },
    },
  ]
}
