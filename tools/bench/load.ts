import autocannon from 'autocannon'
import { median } from './figure.ts'
import { amount, ROUNDS } from './workload.ts'

/** What to ask for: another path for each request. */
export type Target = { url: string; path: (request: number) => string }

const CONNECTIONS = 10
const SECONDS = amount(2, 1)
/** A server compiles what it runs often: in its first seconds it answers a third less. */
const WARM_UP_SECONDS = amount(10, 1)

let sent = 0

/**
 * Sends requests one after the other on each connection. @returns answers a second.
 * @throws if an answer is not 2xx.
 */
export async function load({ url, path }: Target, seconds = SECONDS): Promise<number> {
  const setupRequest = (request: autocannon.Request) => ({ ...request, path: path(sent++) })
  const options = { url, connections: CONNECTIONS, duration: seconds, requests: [{ setupRequest }] }
  const { non2xx, errors, timeouts, duration, requests } = await autocannon(options)
  const failed = non2xx + errors + timeouts
  if (failed > 0) throw new Error(`${failed} of ${requests.total} requests failed: ${url}${path(sent)}`)
  return requests.total / duration
}

/**
 * Loads both in every round, so that other load on the machine affects both alike.
 * @returns the medians of the answers a second.
 */
export async function compare(name: string, ours: Target, baseline: Target) {
  const rates = { value: [] as number[], baseline: [] as number[] }
  for (const target of [ours, baseline]) await load(target, WARM_UP_SECONDS)
  for (let round = 1; round <= ROUNDS; round++) {
    rates.value.push(await load(ours))
    rates.baseline.push(await load(baseline))
    console.log(
      `  ${name}, round ${round} of ${ROUNDS}: ${rates.value.at(-1)?.toFixed(0)} and ${rates.baseline.at(-1)?.toFixed(0)} rps`,
    )
  }
  return { value: median(rates.value), baseline: median(rates.baseline) }
}
