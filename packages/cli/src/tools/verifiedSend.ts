import type { SendToApi } from '../../../../src/api/mcp/plainTool.ts'
import type { Check } from '../../../client/src/verify/checks.ts'
import {
  checkAgentStake,
  checkAgents,
  checkEligibility,
  checkNoAgent,
  checkNoRun,
  checkRun,
  checkRuns,
} from '../../../client/src/verify/checks.ts'
import { FalseAnswerError, UnverifiedAnswerError } from '../../../client/src/verify/errors.ts'
import { createProver, type VerifyOptions } from '../../../client/src/verify/prover.ts'

/** What the instructions of the server say about answers with `--verify`. */
export const verifiedInstructions = `
The answers of list_runs, get_run, list_agents, get_agent and check_claim_eligibility are proven with the user's own node, else they are \
errors: FALSE_ANSWER, UNVERIFIED_ANSWER. Not proven: title, summary, tags, brief, name, description, posterRecord, applications, volume, feesPaid, \
reasons, pagination, that a list is complete, and all that other tools return.`

/** Sends requests as `send` does. Answers about runs and agents are returned only if the node proves them. */
export function verifiedSend(send: SendToApi, options: VerifyOptions): SendToApi {
  const prove = createProver(options)

  return async (path, init) => {
    const url = new URL(path, 'http://api')
    const checks = init.method === undefined || init.method === 'GET' ? checksOf(url) : undefined
    if (!checks) return send(path, init)
    const ask = async (minBlock: number | undefined) => {
      if (minBlock !== undefined) url.searchParams.set('minBlock', String(minBlock))
      const response = await send(`${url.pathname}${url.search}`, init)
      const text = await response.text()
      const answer = new Response(text, response)
      return { headers: response.headers, check: checks(response, JSON.parse(text)), answer }
    }
    try {
      return (await prove(ask, init.signal ? { signal: init.signal } : {})).answer
    } catch (error) {
      if (error instanceof FalseAnswerError) return refusal('FALSE_ANSWER', error)
      if (error instanceof UnverifiedAnswerError) return refusal('UNVERIFIED_ANSWER', error)
      throw error
    }
  }
}

/** As a refusal of the API. A gateway answers with this status where the server behind it answers wrongly. */
const refusal = (code: string, { message }: Error) => Response.json({ code, detail: message }, { status: 502 })

/** How to check the answer, or the refusal that there is no such run or agent. Undefined if nothing proves such answers. */
type Checks = (response: Response, body: { code?: string }) => Check | undefined

function checksOf({ pathname, searchParams }: URL): Checks | undefined {
  if (pathname === '/api/runs') return ({ ok }, body) => (ok ? checkRuns(body) : undefined)
  if (pathname === '/api/agents') return ({ ok }, body) => (ok ? checkAgents(body) : undefined)
  const [, room, text = '', view = ''] =
    /^\/api\/(runs|agents)\/(\d{1,78})(\/stake|\/claim-eligibility)?$/.exec(pathname) ?? []
  const id = BigInt(text)
  const noRun = (code: string | undefined) => (code === 'RUN_NOT_FOUND' ? checkNoRun(id) : undefined)
  if (room === 'runs' && view === '') return ({ ok }, body) => (ok ? checkRun(id, body) : noRun(body.code))
  if (room === 'agents' && view === '/stake') {
    return ({ ok }, body) => (ok ? checkAgentStake(id, body) : noAgent(id, body.code))
  }
  const agentText = searchParams.get('agentId') ?? ''
  if (view !== '/claim-eligibility' || !/^\d{1,78}$/.test(agentText)) return undefined
  const agentId = BigInt(agentText)
  const wallet = searchParams.get('walletAddress') ?? undefined
  return ({ ok }, body) =>
    ok ? checkEligibility(id, agentId, body, wallet) : (noRun(body.code) ?? noAgent(agentId, body.code))
}

const noAgent = (id: bigint, code: string | undefined) => (code === 'AGENT_NOT_FOUND' ? checkNoAgent(id) : undefined)
