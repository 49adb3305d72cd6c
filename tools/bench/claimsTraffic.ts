import { setTimeout as sleep } from 'node:timers/promises'
import type { ClaimsMarket, SignedClaim } from './claimsMarket.ts'

/** Claims that a leg makes first, without measuring them, to warm up the processes; and how many of them at a time. */
export const WARM_UP = 20
const WARM_UP_CLIENTS = 10

/** How long a claim may take. */
const CLAIM_LIMIT_MS = 60_000

// biome-ignore lint/suspicious/noExplicitAny: callers check the fields that they use
type Answer = { status: number; body: any }

/** The HTTP request of a claim. */
export function requestOf({ bountyId, agentId, wallet, deadline, signature }: SignedClaim) {
  return {
    method: 'POST' as const,
    path: `/api/runs/${bountyId}/claim`,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ agentId: Number(agentId), walletAddress: wallet, deadline: Number(deadline), signature }),
  }
}

/** @throws if there is no answer within a minute. */
export async function post(url: string, claim: SignedClaim, headers: Record<string, string> = {}): Promise<Answer> {
  const { path, ...request } = requestOf(claim)
  const init = { ...request, headers: { ...request.headers, ...headers } }
  const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(CLAIM_LIMIT_MS) })
  return { status: response.status, body: await response.json() }
}

/**
 * Makes the claims through the replicas in turn, `clients` at a time. A claim that is answered 202 or 503 is sent again.
 * @returns milliseconds from each claim's first request to its 200.
 * @throws if a claim is refused, or is not won within a minute.
 */
export async function claimThroughApi({ urls }: ClaimsMarket, claims: readonly SignedClaim[], clients: number) {
  const queue = claims.entries()
  const latencies: number[] = []

  async function claim(url: string, signed: SignedClaim) {
    const start = performance.now()
    for (;;) {
      const { status, body } = await post(url, signed)
      if (status === 200) break
      const isPending = status === 202 || status === 503
      if (!isPending || performance.now() > start + CLAIM_LIMIT_MS)
        throw new Error(`The claim of run ${signed.bountyId} is answered ${status}: ${JSON.stringify(body)}`)
      await sleep(100)
    }
    latencies.push(performance.now() - start)
  }

  async function client() {
    for (const [place, signed] of queue) await claim(urls[place % urls.length] ?? '', signed)
  }

  await Promise.all(Array.from({ length: clients }, client))
  return latencies
}

/** Makes the first claims, and takes them from the list. */
export const warmUp = (market: ClaimsMarket, claims: SignedClaim[]) =>
  claimThroughApi(market, claims.splice(0, WARM_UP), WARM_UP_CLIENTS)

/** @returns the milliseconds of one claim. */
export async function claimOnce(market: ClaimsMarket, claim: SignedClaim | undefined): Promise<number> {
  if (!claim) throw new Error('The market has too few runs')
  const [milliseconds = Number.NaN] = await claimThroughApi(market, [claim], 1)
  return milliseconds
}
