/**
 * Gas of the market's calls, from receipts on Anvil, in the steady state: a later run of the same poster and agent, an
 * infinite allowance, no balance that rises from zero or falls to it.
 *
 * What a layout cannot save, by Ethereum's price list (EIP-2929):
 *
 * | call    | transaction | slots written anew, 22,100 each         | slots changed, 5,000 each                         |
 * |---------|-------------|-----------------------------------------|---------------------------------------------------|
 * | post    | 21,000      | terms: poster, reward, deadline         | bountyCount; USDC of poster, market               |
 * | claim   | 21,000      | the claim: wallet, agent, since, state  | the agent's account                               |
 * | submit  | 21,000      |                                         | the claim                                         |
 * | approve | 21,000      |                                         | the claim, account; USDC of market, wallet, treasury |
 *
 * Beside that, each call pays for what it reads (2,100 a slot), for the contracts it calls (2,600), and for its events.
 */
import type { TransactionReceipt } from 'viem'
import type { Measurement } from './figure.ts'
import { breakdown } from './gasBreakdown.ts'
import { type Agent, type GasMarket, startGasMarket } from './gasMarket.ts'
import { runsOf } from './gasRuns.ts'

/** A life that pays for its slots, transfers and events and checks nothing, submit emitting its hash. */
const floor = 212_000
/** The life of the cheapest of the escrows compared. */
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

/** The life comes last, so that all before it has settled what it touches. */
async function play(market: GasMarket): Promise<Map<string, TransactionReceipt>> {
  const runs = runsOf(market)
  const agent = await market.newAgent('agent')
  const crowd: Agent[] = []
  for (let i = 0; i < Math.max(...batches); i++) crowd.push(await market.newAgent(`agent ${i} of the crowd`))
  const [late, later] = [await market.newAgent('late agent'), await market.newAgent('later agent')]

  await runs.live(agent)
  // Left claimed: neither the market's escrow nor the agent's lock is ever zero again.
  await runs.postClaimed(agent)
  for (const size of batches) await runs.claimBatch(crowd.slice(0, size))
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
