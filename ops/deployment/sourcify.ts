import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Verification } from './verification.ts'

const POLL_MS = 2_000
/** How long Sourcify may take for one contract: it compiles the sources, and may have a queue. */
const TIMEOUT_MS = 300_000

const refusal = z.object({ customCode: z.string(), message: z.string() })

const job = z.object({
  isJobCompleted: z.boolean(),
  contract: z.object({ match: z.enum(['match', 'exact_match']).nullable() }).optional(),
  error: refusal.optional(),
})

/**
 * Sends the sources of each contract to Sourcify, which compiles them and compares them with the chain: block explorers
 * then show them. What is verified already stays so. https://docs.sourcify.dev/docs/api/
 * @param url Of Sourcify's API v2.
 * @param onStep Called with a line for each contract.
 * @throws if Sourcify does not answer, refuses a contract or finds another code.
 */
export async function verifySources(url: string, verification: Verification, onStep: (line: string) => void) {
  const { chainId, compilerVersion, stdJsonInput, contracts } = verification
  for (const { contractIdentifier, address, creationTransactionHash } of contracts) {
    const body = { stdJsonInput, compilerVersion, contractIdentifier, creationTransactionHash }
    const what = `${contractIdentifier} at ${address}`
    const deadline = Date.now() + TIMEOUT_MS
    const submitted = await ask(`${url}/v2/verify/${chainId}/${address}`, deadline, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (submitted.status === 409) {
      onStep(`${what} is verified already`)
      continue
    }
    if (submitted.status !== 202) throw refused(what, submitted.body)
    const { verificationId } = z.object({ verificationId: z.string() }).parse(submitted.body)
    for (;;) {
      const { body: answer } = await ask(`${url}/v2/verify/${verificationId}`, deadline)
      const { isJobCompleted, contract, error } = job.parse(answer)
      if (isJobCompleted && !contract?.match) throw refused(what, error)
      if (isJobCompleted) break
      if (Date.now() > deadline) throw new Error(`Sourcify has not verified ${what} in ${TIMEOUT_MS / 1_000} seconds`)
      await sleep(POLL_MS)
    }
    onStep(`${what} is verified`)
  }
}

/** Asks Sourcify, again while it has too many requests. @throws if it does not answer with JSON. */
async function ask(url: string, deadline: number, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
  for (;;) {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(60_000) }).catch((cause) => {
      throw new Error('SOURCIFY_URL does not answer', { cause })
    })
    if (response.status !== 429 || Date.now() > deadline) {
      const body = await response.json().catch((cause) => {
        throw new Error(`SOURCIFY_URL answers ${response.status} without JSON`, { cause })
      })
      return { status: response.status, body }
    }
    await sleep(POLL_MS)
  }
}

function refused(what: string, answer: unknown) {
  const { data } = refusal.safeParse(answer)
  const reason = data ? `${data.message} (${data.customCode})` : `it answers ${JSON.stringify(answer)}`
  return new Error(`Sourcify does not verify ${what}: ${reason}`)
}
