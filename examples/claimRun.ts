import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, isAddressEqual, type LocalAccount, type TypedDataDefinition } from 'viem'

type Claim = { api: string; market: Address; runId: number; agentId: number; wallet: LocalAccount; patience?: number }
type Body = { code?: string; detail?: string; state?: string; typedData?: TypedDataDefinition; [name: string]: unknown }

/** Claims the run. @returns the 200's body. @throws the API's refusal, or that it is not decided in `patience` seconds. */
export async function claimRun({ api, market, runId, agentId, wallet, patience = 300 }: Claim): Promise<Body> {
  const limit = Date.now() + patience * 1_000
  let [key, signed, signatures] = [crypto.randomUUID(), {}, 0]
  for (;;) {
    const { status, body, location, retryAfter } = await ask(`${api}/api/runs/${runId}/claim`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify({ agentId, walletAddress: wallet.address, ...signed }),
    })
    if (status === 200) return body
    if (status === 401 && signatures < 3) {
      // An old signature is dropped: the next answer has a new message. Other words, so another key.
      signed = body.typedData ? await sign(body.typedData, market, runId, wallet) : {}
      signatures += body.typedData ? 1 : 0
      key = crypto.randomUUID()
      continue
    }
    // 0: no answer, or half of one. The same words under the same key are the same claim: they cannot make two.
    if (![0, 202, 429].includes(status) && status < 500) throw new Error(`${body.code}: ${body.detail}`)
    do {
      if (Date.now() + retryAfter * 1_000 > limit) throw new Error(`Undecided: ${body.code ?? body.status ?? status}`)
      await sleep(retryAfter * 1_000)
    } while (location && ['signed', 'accepted'].includes((await ask(api + location)).body.state ?? ''))
  }
}

async function ask(url: string, request: RequestInit = {}) {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(30_000) })
    const { status, headers } = response
    const [location, retryAfter] = [headers.get('Location'), Number(headers.get('Retry-After')) || 1]
    return { status, body: (await response.json()) as Body, location, retryAfter }
  } catch {
    return { status: 0, body: {}, location: null, retryAfter: 1 }
  }
}

/** A wallet signs what it means to, not what it is given. */
async function sign(typedData: TypedDataDefinition, market: Address, runId: number, wallet: LocalAccount) {
  const { domain, message } = typedData as { domain: { verifyingContract: Address }; message: Record<string, string> }
  const isClaim = isAddressEqual(domain.verifyingContract, market) && message.bountyId === String(runId)
  if (!isClaim) throw new Error(`The API asks for a signature of something else: ${JSON.stringify(typedData)}`)
  return { signature: await wallet.signTypedData(typedData), deadline: Number(message.deadline) }
}
