import { type LocalAccount, parseEther, zeroAddress } from 'viem'
import { beforeAll, expect, it } from 'vitest'
import type { RunActionName, RunMessage } from '../../../core/market/runActions.ts'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain } from '../../support/market.ts'
import { usdc } from '../../support/participants.ts'
import { poster, type Runs, runsOn } from '../actions/runsInStates.ts'
import { relayOn } from '../claims/claimsOnChain.ts'

const DUST = usdc / 100n
const all = 1_000_000n

let runs: Runs
let relay: Relay

/** Newcomers have a share for three of the most expensive actions, and each USDC of fees covers a hundredth of the budget. */
beforeAll(async () => {
  const chain = await startTestChain({})
  runs = await runsOn(chain)
  const others = { posts: all, registrations: all, anyone: all }
  const shares = { wallet: all, agent: all, poster: all, newcomers: 0n, ...others, perUsdc: 10_000n }
  relay = await relayOn({ ...chain, databaseUrl: await freshDatabase() }, { shares, dailyBudget: parseEther('0.1') })
  return async () => {
    await relay.close()
    await chain.stop()
  }
}, 60_000)

/** The outcome's status, or the code of the refusal. */
async function act(action: RunActionName, runId: bigint, by: LocalAccount, changes?: Partial<RunMessage>) {
  const request = await runs.signed(await runs.messageOf(action, runId, by.address, changes), by)
  const asked = { client: 'test', gone: new AbortController().signal, until: AbortSignal.timeout(15_000) }
  return relay
    .act(request, asked)
    .then(({ status }) => status)
    .catch((error: unknown) => {
      if (error instanceof Refusal) return error.code
      throw error
    })
}

it('runs of dust use up the share of newcomers, and no review and no delivery of a run that its fee covers', {
  timeout: 120_000,
}, async () => {
  const { wallet } = runs.agent
  const runIn = (reward: bigint) => runs.runIn('CLAIMED', zeroAddress, reward)
  const answers: string[] = []
  while (answers.length < 40 && answers.at(-1) !== 'RELAY_UNAVAILABLE') {
    const runId = await runIn(DUST)
    answers.push(await act('submit', runId, wallet), await act('approve', runId, poster))
  }
  console.log(`${answers.length / 2} runs of 0.01 USDC, which pay 0.0005 USDC each, use up the share of newcomers`)
  expect(answers.at(-1)).toBe('RELAY_UNAVAILABLE')
  const [small, covered, rejected] = [await runIn(DUST), await runIn(100n * usdc), await runIn(100n * usdc)]
  expect(await act('submit', small, wallet)).toBe('RELAY_UNAVAILABLE')
  // Neither is a delivery or a review.
  expect([await act('start', covered, wallet), await act('close', covered, poster)]).toEqual([
    'RELAY_UNAVAILABLE',
    'done',
  ])
  expect([
    await act('submit', covered, wallet),
    await act('revise', covered, poster),
    await act('submit', covered, wallet),
    await act('approve', covered, poster),
  ]).toEqual(['done', 'done', 'done', 'done'])
  for (let revision = 0; revision < 3; revision++)
    expect([await act('submit', rejected, wallet), await act('revise', rejected, poster)]).toEqual(['done', 'done'])
  expect([await act('submit', rejected, wallet), await act('reject', rejected, poster)]).toEqual(['done', 'done'])
})
