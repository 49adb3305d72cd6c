import { setTimeout as sleep } from 'node:timers/promises'
import type { PrivateKeyAccount } from 'viem/accounts'
import { contentId } from '../devnet/contentId.ts'
import type { Steps } from './livesLeg.ts'
import { type LivesMarket, reward, stake } from './livesMarket.ts'

/** How long a step may take. */
const STEP_LIMIT_MS = 120_000

// biome-ignore lint/suspicious/noExplicitAny: callers check the fields that they use
type Body = any

/**
 * The steps of a life through the API, by accounts without ether. Each step is three requests in the words of
 * docs/actions.md: it asks what to sign, signs it, and sends it until the answer shows the action.
 */
export function stepsByApi({ url, client }: LivesMarket): Steps {
  async function act(action: string, account: PrivateKeyAccount, query: Record<string, unknown>): Promise<Body> {
    const parameters = new URLSearchParams(
      Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)])),
    )
    const asked = await fetch(`${url}/api/messages/${action}?${parameters}`)
    const { path, body, typedData, ...refusal } = (await asked.json()) as Body
    if (asked.status !== 200) throw new Error(`No message of ${action}: ${JSON.stringify(refusal)}`)
    const signed = JSON.stringify({ ...body, signature: await account.signTypedData(typedData) })
    const headers = { 'Content-Type': 'application/json' }
    for (const limit = performance.now() + STEP_LIMIT_MS; ; await sleep(100)) {
      const answer = await fetch(url + path, { method: 'POST', headers, body: signed })
      const made = (await answer.json()) as Body
      if (answer.status === 200) return made
      const isPending = answer.status === 202 || answer.status === 503
      if (!isPending || performance.now() > limit) throw new Error(`${action}: ${JSON.stringify(made)}`)
    }
  }

  return {
    async register({ worker }) {
      return BigInt((await act('register', worker, { owner: worker.address, agentURI: 'ipfs://agent' })).agent.id)
    },
    async stake({ worker }, agentId) {
      await act('stake', worker, { agentId, from: worker.address, amount: stake })
    },
    async post({ poster }) {
      const deadline = (await client.getBlock()).timestamp + 86_400n
      const terms = { poster: poster.address, ipfsHash: contentId('terms'), reward, deadline }
      return BigInt((await act('post', poster, terms)).run.bountyId)
    },
    async claim({ worker }, agentId, runId) {
      await act('claim', worker, { runId, agentId, walletAddress: worker.address })
    },
    async start({ worker }, runId) {
      await act('start', worker, { runId })
    },
    async submit({ worker }, runId) {
      await act('submit', worker, { runId, deliverableHash: contentId('work') })
    },
    async approve({ poster }, runId) {
      await act('approve', poster, { runId, signer: poster.address })
    },
  }
}
