import type { Postgres } from '../devnet/postgres.ts'
import { AGENTS, type ClaimsMarket, type SignedClaim, withMarket } from './claimsMarket.ts'
import { claimOnce, post, WARM_UP, warmUp } from './claimsTraffic.ts'
import { type Measurement, median } from './figure.ts'
import { amount } from './workload.ts'

/**
 * How many hot runs there are. The indexer polls every 100 ms, so a hot run takes 100 ms more if its claim is mined just
 * after a poll, and a median of few would change with that.
 */
const HOT_RUNS = amount(9, 3)
const SINGLE_CLAIMS = amount(30, 10)

/** All agents claim one run at once, beside a claim of one agent. Anvil mines each transaction at once. */
export function hotRun(postgres: Postgres): Promise<Measurement> {
  const signed = WARM_UP + SINGLE_CLAIMS + HOT_RUNS
  return withMarket(postgres, { runs: signed + HOT_RUNS, replicas: 1 }, async (market) => {
    const claims = await market.signAll(signed)
    await warmUp(market, claims)
    const single: number[] = []
    for (const claim of claims.splice(0, SINGLE_CLAIMS)) single.push(await claimOnce(market, claim))
    const hot: number[] = []
    for (const [place, ahead] of claims.entries())
      hot.push(await claimAllAtOnce(market, ahead, BigInt(signed + place + 1)))
    const [value, baseline] = [median(hot), median(single)]
    console.log(`  hot runs: ${value.toFixed(0)} ms, a single claim ${baseline.toFixed(0)} ms`)
    return {
      figure: `one run claimed by ${AGENTS} agents at once, until the last answer`,
      unit: 'ms',
      value,
      baseline,
      goal: { ratioAtMost: 2 },
    }
  })
}

/**
 * All agents claim one run under the conditions of the single claims: each has an open connection, from a read of the run,
 * and another claim has just been answered, so that the indexer is at the same point of its polling interval.
 * @returns the milliseconds until all are answered. @throws unless one wins, and all others know it.
 */
async function claimAllAtOnce(market: ClaimsMarket, ahead: SignedClaim, bountyId: bigint): Promise<number> {
  const [url = ''] = market.urls
  await Promise.all(market.agents.map(async () => (await fetch(`${url}/api/runs/${bountyId}`)).json()))
  const claims = await Promise.all(market.agents.map((agent) => market.sign(bountyId, agent)))
  await claimOnce(market, ahead)
  const start = performance.now()
  const answers = await Promise.all(claims.map((claim) => post(url, claim)))
  const milliseconds = performance.now() - start
  const winners = answers.filter(({ status }) => status === 200).map(({ body }) => body.run.claimedBy)
  const losers = answers.filter(({ body }) => body.code === 'RUN_NOT_OPEN' && body.claimedBy === winners[0])
  if (winners.length === 1 && losers.length === AGENTS - 1) return milliseconds
  const seen = new Set(answers.map(({ status, body }) => `${status} ${body.code ?? ''}`))
  throw new Error(`Run ${bountyId} must have one winner and ${AGENTS - 1} losers, got: ${[...seen].join(', ')}`)
}
