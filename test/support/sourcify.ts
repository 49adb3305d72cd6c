import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { z } from 'zod'

/** What a `POST /v2/verify/{chainId}/{address}` must have, by Sourcify's description of its API v2. */
const submission = z.object({
  stdJsonInput: z.object({
    language: z.literal('Solidity'),
    sources: z.record(z.string(), z.object({ content: z.string() })),
    settings: z.object({}).loose(),
  }),
  compilerVersion: z.string().regex(/^v?\d+\.\d+\.\d+.*$/),
  contractIdentifier: z.string().regex(/^.+\.sol:\w+$/),
  creationTransactionHash: z.string().regex(/^0x[a-f0-9]{64}$/),
})

const errorId = '1ac6b91a-0605-4459-93dc-18f210a70192'

type Answer = { status: 202 | 400 | 409 | 429 | 500; body: object }

/**
 * A local stand-in of Sourcify with the answers that its API v2 documents. Each job is pending once, then completed.
 * @param refusalOf Chooses what a submission of the contract, such as `contracts/A.sol:A`, is answered instead.
 * @param errorOf Chooses the error with which its job completes.
 */
export async function startSourcify({
  refusalOf = () => undefined,
  errorOf = () => undefined,
}: {
  refusalOf?: (contract: string, attempt: number) => Answer | undefined
  errorOf?: (contract: string) => object | undefined
} = {}) {
  const submitted: { chainId: string; address: string; body: z.infer<typeof submission> }[] = []
  const attempts = new Map<string, number>()
  const polls = new Map<string, number>()
  const app = new Hono()
    .post('/v2/verify/:chainId/:address', async (c) => {
      const body = submission.parse(await c.req.json())
      const attempt = (attempts.get(body.contractIdentifier) ?? 0) + 1
      attempts.set(body.contractIdentifier, attempt)
      const refusal = refusalOf(body.contractIdentifier, attempt)
      if (refusal) return c.json(refusal.body, refusal.status)
      submitted.push({ ...c.req.param(), body })
      return c.json({ verificationId: String(submitted.length) }, 202)
    })
    .get('/v2/verify/:id', (c) => {
      const { id } = c.req.param()
      const job = submitted[Number(id) - 1]
      if (!job) return c.json({ customCode: 'job_not_found', message: `No job ${id}`, errorId }, 404)
      polls.set(id, (polls.get(id) ?? 0) + 1)
      const common = { verificationId: id, jobStartTime: '2024-07-24T11:00:00Z' }
      const { chainId, address, body } = job
      const error = errorOf(body.contractIdentifier)
      const match = error ? null : 'match'
      const contract = { match, creationMatch: match, runtimeMatch: match, chainId, address }
      if (polls.get(id) === 1)
        return c.json({ ...common, isJobCompleted: false, contract: { ...contract, match: null } })
      return c.json({ ...common, isJobCompleted: true, jobFinishTime: '2024-07-24T12:00:00Z', contract, error })
    })
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => resolve(port))
  const stop = () => new Promise<void>((done) => server.close(() => done()))
  return { url: `http://127.0.0.1:${await promise}`, submitted, stop }
}

/** Sourcify's answers to what it does not take, by their codes. */
export const refusals = {
  already_verified: {
    status: 409,
    body: { customCode: 'already_verified', message: 'The contract is already verified', errorId },
  },
  too_many_requests: {
    status: 429,
    body: { customCode: 'too_many_requests', message: 'You are sending too many requests', errorId },
  },
  unsupported_chain: {
    status: 400,
    body: { customCode: 'unsupported_chain', message: 'The chain with chainId 31337 is not supported', errorId },
  },
} satisfies Record<string, Answer>
