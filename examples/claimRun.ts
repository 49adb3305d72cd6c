import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, isAddressEqual, type LocalAccount, type TypedDataDefinition } from 'viem'

type Claim = {
  api: string
  market: Address
  runId: number
  agentId: number
  wallet: LocalAccount
  timeoutSeconds?: number
}
type Body = { code?: string; detail?: string; state?: string; typedData?: TypedDataDefinition; [name: string]: unknown }

/** Claims the run. @returns the body of the 200. @throws on a refusal, or if the claim is undecided at the timeout. */
export async function claimRun({ api, market, runId, agentId, wallet, timeoutSeconds = 300 }: Claim): Promise<Body> {
  const deadline = Date.now() + timeoutSeconds * 1_000
  let key = crypto.randomUUID()
  let signed = {}
  let signatures = 0
  for (;;) {
    const { status, body, location, retryAfter } = await ask(`${api}/api/runs/${runId}/claim`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify({ agentId, walletAddress: wallet.address, ...signed }),
    })
    if (status === 200) return body
    if (status === 401 && signatures < 3) {
      // Drop an old signature: the next answer has a new message. Another body needs another key.
      signed = body.typedData ? await sign(body.typedData, market, runId, wallet) : {}
      signatures += body.typedData ? 1 : 0
      key = crypto.randomUUID()
      continue
    }
    // 0: no answer, or an incomplete one. The same body with the same key is the same claim: it is safe to repeat.
    if (![0, 202, 429].includes(status) && status < 500) throw new Error(`${body.code}: ${body.detail}`)
    do {
      if (Date.now() + retryAfter * 1_000 > deadline)
        throw new Error(`Undecided: ${body.code ?? body.status ?? status}`)
      await sleep(retryAfter * 1_000)
    } while (location && ['signed', 'accepted'].includes((await ask(api + location)).body.state ?? ''))
  }
}

async function ask(url: string, request: RequestInit = {}) {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(30_000) })
    const { status, headers } = response
    const retryAfter = Number(headers.get('Retry-After')) || 1
    return { status, body: (await response.json()) as Body, location: headers.get('Location'), retryAfter }
  } catch {
    return { status: 0, body: {}, location: null, retryAfter: 1 }
  }
}

/** Signs the message. @throws if it is not a claim of this run: a wallet must check what it signs. */
async function sign(typedData: TypedDataDefinition, market: Address, runId: number, wallet: LocalAccount) {
  const { domain, message } = typedData as { domain: { verifyingContract: Address }; message: Record<string, string> }
  const isClaim = isAddressEqual(domain.verifyingContract, market) && message.bountyId === String(runId)
  if (!isClaim) throw new Error(`The API asks for a signature of something else: ${JSON.stringify(typedData)}`)
  return { signature: await wallet.signTypedData(typedData), deadline: Number(message.deadline) }
}
