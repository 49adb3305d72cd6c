/**
 * Gas of the market's calls, from receipts on Anvil, in the steady state: not the first run of the poster and the
 * agent, an infinite allowance, and no balance that rises from zero or falls to it.
 *
 * The cost that no storage layout can avoid, by Ethereum's prices (EIP-2929):
 *
 * | call    | transaction | slots written anew, 22,100 each         | slots changed, 5,000 each                          |
 * |---------|-------------|-----------------------------------------|----------------------------------------------------|
 * | post    | 21,000      | terms: poster, reward, deadline         | bountyCount; USDC of poster, market, its allowance |
 * | claim   | 21,000      | the claim: wallet, agent, since, state  | the agent's account                                |
 * | submit  | 21,000      |                                         | the claim                                          |
 * | approve | 21,000      |                                         | the claim, account, debt; USDC of market, wallet   |
 *
 * In addition, each call pays for the slots it reads (2,100), for the contracts it calls (2,600), and for its events.
 */
import type { TransactionReceipt } from 'viem'
import type { Agent } from '../../test/support/participants.ts'
import type { Measurement } from './figure.ts'
import { breakdown } from './gasBreakdown.ts'
import { type GasMarket, startGasMarket } from './gasMarket.ts'
import { type PeerLife, playPeers } from './gasPeers.ts'
import { runsOf } from './gasRuns.ts'
import { signedForms } from './gasSigned.ts'

const life = ['postBounty', 'claimBounty', 'submitWork', 'approveWork']
const batches = [1, 10, 50]

const notes = [
  `USDC is Circle's FiatToken 2.2 behind its proxy. The peers are written from their specifications, with the calls of a paid bounty
only (test/contracts/peers). A run has what they lack: a claim that locks a stake and excludes others, a fee, time limits of
delivery and review, and an on-chain identity. Their agents deliver without a claim.`,
  `On a rollup each transaction also pays for its bytes on L1: "bytes of the signed transaction" below, before compression.`,
  'The calls without a goal explain those with one.',
]

export async function measure() {
  const market = await startGasMarket()
  try {
    const agent = await market.newAgent('agent')
    const receipts = await play(market, agent)
    const peers = await playPeers(market, agent)
    const receiptOf = (name: string) => {
      const receipt = receipts.get(name)
      if (!receipt) throw new Error(`${name} was not called`)
      return receipt
    }
    const lived = new Map(life.map((name) => [name, receiptOf(name)]))
    return {
      measurements: [...lifeFigures(lived, peers), ...batches.map(batchFigure(receiptOf)), ...callFigures(receipts)],
      notes: [
        ...notes,
        signedForms(),
        await breakdown(market.rpcUrl, lived),
        ...(await Promise.all(peers.map(({ receipts }) => breakdown(market.rpcUrl, receipts)))),
      ],
    }
  } finally {
    await market.stop()
  }
}

/** The life comes last, so that the slots that it writes already have values. */
async function play(market: GasMarket, agent: Agent): Promise<Map<string, TransactionReceipt>> {
  const runs = runsOf(market)
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

/** The ratio is that of 265,000 gas to the best peer's 404,000, when USDC was a plain token. */
const LIFE_GOAL = { gas: 270_000, ratio: 0.656 }

/** The life by itself, and with each peer's life as a baseline. */
function lifeFigures(lived: Map<string, TransactionReceipt>, peers: PeerLife[]): Measurement[] {
  const gasOf = (receipts: Map<string, TransactionReceipt>) =>
    [...receipts.values()].reduce((sum, { gasUsed }) => sum + Number(gasUsed), 0)
  const life = { unit: 'gas', value: gasOf(lived) }
  const besidePeers = peers.map(({ peer, receipts }) => ({
    ...life,
    figure: `life, beside ${peer}`,
    baseline: gasOf(receipts),
    goal: { ratioAtMost: LIFE_GOAL.ratio },
  }))
  return [{ ...life, figure: 'life', goal: { atMost: LIFE_GOAL.gas } }, ...besidePeers]
}

type ReceiptOf = (name: string) => TransactionReceipt

const batchFigure =
  (receiptOf: ReceiptOf) =>
  (size: number): Measurement => ({
    figure: `claim in a batch of ${size}`,
    unit: 'gas',
    value: Math.round(Number(receiptOf(`claimBatch of ${size}`).gasUsed) / size),
    baseline: Number(receiptOf('claimBountyWithSig').gasUsed),
    ...(size === 50 ? { goal: { atMost: 53_000 } } : {}),
  })

function callFigures(receipts: Map<string, TransactionReceipt>): Measurement[] {
  return [...receipts]
    .filter(([name]) => !name.startsWith('claimBatch'))
    .map(([figure, { gasUsed }]) => ({ figure, unit: 'gas', value: Number(gasUsed) }))
}
