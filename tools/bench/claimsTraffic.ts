import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { encodeFunctionData, type Hex, type LocalAccount, parseGwei } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { ClaimsMarket, SignedClaim } from './claimsMarket.ts'

/** How often the baseline polls for a row. */
const POLL_MS = 5

/** How long a claim may take. */
const CLAIM_LIMIT_MS = 120_000

/** The gas limit of a claim that a wallet sends without an estimate. */
const claimGas = 200_000n

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

export async function post(url: string, claim: SignedClaim): Promise<Answer> {
  const { path, ...request } = requestOf(claim)
  const response = await fetch(url + path, request)
  return { status: response.status, body: await response.json() }
}

/**
 * Makes the claims through the replicas in turn, `clients` at a time. A claim that is answered 202 or 503 is sent
 * again.
 * @returns milliseconds from each claim's first request to its 200, those of the whole, and how many requests were
 * repeated.
 * @throws if a claim is refused, or is not won within two minutes.
 */
export async function claimThroughApi({ urls }: ClaimsMarket, claims: readonly SignedClaim[], clients: number) {
  const queue = claims.entries()
  const latencies: number[] = []
  let again = 0

  async function claim(url: string, signed: SignedClaim) {
    const start = performance.now()
    for (;;) {
      const { status, body } = await post(url, signed)
      if (status === 200) break
      if (status !== 202 && status !== 503) throw new Error(`Claim of run ${signed.bountyId}: ${JSON.stringify(body)}`)
      if (performance.now() > start + CLAIM_LIMIT_MS)
        throw new Error(`Claim of run ${signed.bountyId}: ${status} for two minutes`)
      again++
      await sleep(100)
    }
    latencies.push(performance.now() - start)
  }

  async function client() {
    for (const [place, signed] of queue) await claim(urls[place % urls.length] ?? '', signed)
  }

  const start = performance.now()
  await Promise.all(Array.from({ length: clients }, client))
  return { latencies, milliseconds: performance.now() - start, again }
}

/** Signs each claim as a transaction, by the senders in turn. */
export function signRaw({ address, client }: ClaimsMarket, claims: readonly SignedClaim[], senders: LocalAccount[]) {
  const fees = { maxFeePerGas: parseGwei('20'), maxPriorityFeePerGas: parseGwei('1') }
  return Promise.all(
    senders.map(async (sender, turn) => {
      const first = await client.getTransactionCount({ address: sender.address })
      const own = claims.filter((_, place) => place % senders.length === turn)
      return Promise.all(
        own.map(({ bountyId, agentId, wallet, deadline, signature }, place) =>
          sender.signTransaction({
            type: 'eip1559',
            chainId: client.chain.id,
            to: address,
            gas: claimGas,
            nonce: first + place,
            ...fees,
            data: encodeFunctionData({
              abi: bountyMarketAbi,
              functionName: 'claimBountyWithSig',
              args: [bountyId, agentId, wallet, deadline, signature],
            }),
          }),
        ),
      )
    }),
  )
}

/** Sends each transaction and polls the table until it shows the claim. @returns the milliseconds of each. */
export function claimRawOneByOne(market: ClaimsMarket, raws: readonly Hex[], claims: readonly SignedClaim[]) {
  return withIndex(market, async (index) => {
    const latencies: number[] = []
    for (const [place, raw] of raws.entries()) {
      const start = performance.now()
      await send(market, raw)
      const text = `SELECT FROM runline.run WHERE bounty_id = $1 AND state = 'CLAIMED'`
      while ((await index.query(text, [claims[place]?.bountyId])).rowCount === 0) await sleep(POLL_MS)
      latencies.push(performance.now() - start)
    }
    return latencies
  })
}

/** All senders send concurrently, each one transaction after the other. @returns milliseconds until the last row. */
export function claimRawAtOnce(market: ClaimsMarket, raws: readonly Hex[][]) {
  return withIndex(market, async (index) => {
    const text = `SELECT count(*)::int AS claimed FROM runline.run WHERE state = 'CLAIMED'`
    const claimed = async (): Promise<number> => (await index.query(text)).rows[0].claimed
    const expected = (await claimed()) + raws.flat().length
    const start = performance.now()
    const sending = raws.map(async (own) => {
      for (const raw of own) await send(market, raw)
    })
    while ((await claimed()) < expected) await sleep(POLL_MS)
    const milliseconds = performance.now() - start
    await Promise.all(sending)
    return milliseconds
  })
}

async function withIndex<T>({ databaseUrl }: ClaimsMarket, use: (index: pg.Client) => Promise<T>): Promise<T> {
  const index = new pg.Client({ connectionString: databaseUrl })
  await index.connect()
  try {
    return await use(index)
  } finally {
    await index.end()
  }
}

async function send({ rpcUrl }: ClaimsMarket, raw: Hex) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransaction', params: [raw] })
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(rpcUrl, { method: 'POST', headers, body })
  const { error } = (await response.json()) as { error?: unknown }
  if (error) throw new Error(`Anvil refuses a claim: ${JSON.stringify(error)}`)
}
