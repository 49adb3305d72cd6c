import type { LocalAccount } from 'viem'
import { parseEther } from 'viem'
import { beforeAll, expect, it } from 'vitest'
import type { RunActionName } from '../../../core/market/runActions.ts'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { poster, type Runs, runsOn, type Situation } from '../actions/runsInStates.ts'
import { relayOn } from '../claims/claimsOnChain.ts'

let chain: TestChain & { databaseUrl: string }
let runs: Runs

beforeAll(async () => {
  chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  runs = await runsOn(chain)
  return chain.stop
}, 60_000)

async function act(relay: Relay, action: RunActionName, runId: bigint, by: LocalAccount) {
  const request = await runs.signed(await runs.messageOf(action, runId, by.address), by)
  const asked = { client: 'test', gone: new AbortController().signal, until: AbortSignal.timeout(10_000) }
  try {
    const { txHash } = await relay.act(request, asked)
    return (await chain.client.getTransactionReceipt({ hash: txHash })).gasUsed
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

it('a signed action costs the relayer at most what SECURITY.md says', { timeout: 60_000 }, async () => {
  const relay = await relayOn(chain)
  const evaluator = accountOf(3)
  const { wallet } = runs.agent
  const table: [RunActionName, Situation, LocalAccount, bigint][] = [
    ['start', 'CLAIMED', wallet, 40_000n],
    ['submit', 'IN_PROGRESS', wallet, 45_000n],
    ['abandon', 'CLAIMED', wallet, 120_000n],
    ['approve', 'SUBMITTED', poster, 120_000n],
    ['revise', 'SUBMITTED', poster, 50_000n],
    ['reject', 'LAST_SUBMITTED', poster, 120_000n],
    ['close', 'OPEN', poster, 80_000n],
    ['close', 'CLAIMED', poster, 65_000n],
  ]
  const gas: string[] = []
  for (const [action, situation, by, most] of table) {
    const used = await act(relay, action, await runs.runIn(situation), by)
    gas.push(`${action} ${used}`)
    expect.soft(used, action).toBeLessThanOrEqual(most)
  }
  const rejected = await act(relay, 'reject', await runs.runIn('SUBMITTED', evaluator.address), evaluator)
  console.log(`gas of the relayer: ${gas.join(', ')}, reject by an evaluator ${rejected}`)
  await relay.close()
})

it('a party that uses up its share of the budget is refused, and uses up no share of the other party', {
  timeout: 120_000,
}, async () => {
  const all = 1_000_000n
  const others = { newcomers: all, posts: all, registrations: all, anyone: all, perUsdc: 0n }
  const shares = { wallet: 10n, agent: all, poster: 10n, ...others }
  const databaseUrl = await freshDatabase()
  const relay = await relayOn({ ...chain, databaseUrl }, { shares, dailyBudget: parseEther('1') })
  const answers: unknown[] = []
  let runId = 0n
  while (answers.length < 40 && typeof answers.at(-1) !== 'string') {
    runId = await runs.runIn('CLAIMED')
    answers.push(await act(relay, 'start', runId, runs.agent.wallet))
  }
  expect(answers.at(-1)).toBe('RATE_LIMITED')
  // A share has room for three of the most expensive actions, of 250,000 gas each.
  const spent = answers.slice(0, -1).reduce<bigint>((sum, gas) => sum + (gas as bigint), 0n)
  expect(spent).toBeLessThanOrEqual(750_000n)
  expect(answers.length).toBeGreaterThan(3)
  expect(await act(relay, 'close', runId, poster)).toBeTypeOf('bigint')
  await relay.close()
})
