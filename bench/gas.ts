/**
 * Gas of the market's calls, from receipts on Anvil, in the steady state: not the first run of the poster and the
 * agent, an infinite allowance, and no balance that rises from zero or falls to it.
 *
 * The cost that no storage layout can avoid, by Ethereum's prices (EIP-2929):
 *
 * | call    | transaction | slots written anew, 22,100 each         | slots changed, 5,000 each                         |
 * |---------|-------------|-----------------------------------------|---------------------------------------------------|
 * | post    | 21,000      | terms: poster, reward, deadline         | bountyCount; USDC of poster, market               |
 * | claim   | 21,000      | the claim: wallet, agent, since, state  | the agent's account                               |
 * | submit  | 21,000      |                                         | the claim                                         |
 * | approve | 21,000      |                                         | the claim, account; USDC of market, wallet, treasury |
 *
 * In addition, each call pays for the slots it reads (2,100), for the contracts it calls (2,600), and for its events.
 */
import type { TransactionReceipt } from 'viem'
import type { Agent } from '../testkit/participants.ts'
import type { Measurement } from './figure.ts'
import { breakdown } from './gasBreakdown.ts'
import { type GasMarket, startGasMarket } from './gasMarket.ts'
import { runsOf } from './gasRuns.ts'

/** The calls of a run's life with their slots, transfers and events only, and without checks. */
const floor = 212_000
/** The same calls of the cheapest of the compared escrow contracts. */
const bestPeer = 404_000

const life = ['postBounty', 'claimBounty', 'submitWork', 'approveWork']
const batches = [1, 10, 50]

export async function measure() {
  const market = await startGasMarket()
  try {
    const receipts = await play(market)
    const receiptOf = (name: string) => {
      const receipt = receipts.get(name)
      if (!receipt) throw new Error(`${name} was not called`)
      return receipt
    }
    return {
      measurements: [...lifeFigures(receiptOf), ...batches.map(batchFigure(receiptOf)), ...callFigures(receipts)],
      notes: [await breakdown(market.rpcUrl, new Map(life.map((name) => [name, receiptOf(name)])))],
    }
  } finally {
    await market.stop()
  }
}

/** The life comes last, so that the slots that it writes already have values. */
async function play(market: GasMarket): Promise<Map<string, TransactionReceipt>> {
  const runs = runsOf(market)
  const agent = await market.newAgent('agent')
  const batched: Agent[] = []
  for (let i = 0; i < Math.max(...batches); i++) batched.push(await market.newAgent(`batched agent ${i}`))
  const late = await market.newAgent('late agent')
  const later = await market.newAgent('later agent')

  await runs.live(agent)
  // This run stays claimed, so that neither the market's escrow nor the agent's lock is zero from here on.
  await runs.postClaimed(agent)
  for (const size of batches) await runs.claimBatch(batched.slice(0, size))
  await runs.claimForAnother(agent)
  await runs.stake(agent)
  await runs.draft()
  await runs.timeOut(agent, late, later)
  await runs.reject(agent)
  await runs.endOtherwise(agent)
  await runs.live(agent)
  return runs.receipts
}

type ReceiptOf = (name: string) => TransactionReceipt

function lifeFigures(receiptOf: ReceiptOf): Measurement[] {
  const value = life.reduce((sum, name) => sum + Number(receiptOf(name).gasUsed), 0)
  return [
    { figure: 'life, beside the best peer', unit: 'gas', value, baseline: bestPeer, goal: { atMost: 265_000 } },
    { figure: 'life, beside the floor', unit: 'gas', value, baseline: floor },
  ]
}

const batchFigure =
  (receiptOf: ReceiptOf) =>
  (size: number): Measurement => ({
    figure: `claim in a batch of ${size}`,
    unit: 'gas',
    value: Math.round(Number(receiptOf(`claimBatch of ${size}`).gasUsed) / size),
    baseline: Number(receiptOf('claimBountyWithSig').gasUsed),
    ...(size === 50 ? { goal: { atMost: 60_000 } } : {}),
  })

function callFigures(receipts: Map<string, TransactionReceipt>): Measurement[] {
  return [...receipts]
    .filter(([name]) => !name.startsWith('claimBatch'))
    .map(([figure, { gasUsed }]) => ({ figure, unit: 'gas', value: Number(gasUsed) }))
}
