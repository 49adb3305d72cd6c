import type { Address } from 'viem'
import { type Answer, expectDescribed } from '../../support/describedAnswers.ts'

/** An agent and the address that acts for it. */
type Claimant = { id: bigint; wallet: { address: Address } }

/** A client of the claim routes. Every answer must match the OpenAPI document. */
export function claimApi(url: string) {
  async function request(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${url}${path}`, init)
    const answer = { status: response.status, headers: response.headers, body: await response.json() }
    expectDescribed(init.method ?? 'GET', path, answer)
    return answer
  }

  return {
    get: (path: string) => request(path),
    post: (path: string, body: object, headers: Record<string, string> = {}) =>
      request(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    /** @param more Further fields of the body, such as the signature. */
    claim: (
      runId: bigint,
      { id, wallet }: Claimant,
      more: Record<string, unknown> = {},
      headers: Record<string, string> = {},
    ) =>
      request(`/api/runs/${runId}/claim`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify({ agentId: Number(id), walletAddress: wallet.address, ...more }),
      }),
    eligibility: (runId: bigint, { id, wallet }: Claimant) =>
      request(`/api/runs/${runId}/claim-eligibility?agentId=${id}&walletAddress=${wallet.address}`),
  }
}

/** An answer's status and code. */
export const codeOf = ({ status, body }: Answer) => [status, body.code]
