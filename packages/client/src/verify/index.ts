import { isProblem } from '../errors.ts'
import { type AnyId, type CallOptions, headersOf, type ReadOptions, type RunlineReads } from '../reads.ts'
import {
  type Check,
  checkAgent,
  checkAgentStake,
  checkAgents,
  checkEligibility,
  checkNoAgent,
  checkNoRun,
  checkRun,
  checkRuns,
} from './checks.ts'
import { createProver, type Proof, type Prover, type VerifyOptions } from './prover.ts'

export {
  type AnswerBlock,
  type Difference,
  FalseAnswerError,
  UnverifiedAnswerError,
  type UnverifiedReason,
} from './errors.ts'
export type { Node } from './node.ts'
export type { Proof, VerifyOptions } from './prover.ts'

const proofs = new WeakMap<object, Proof>()

/** The proof of an answer: its block, and the members that are not proven. Undefined if the answer was not verified. */
export const proofOf = (answer: object): Proof | undefined => proofs.get(answer)

/**
 * The same client, whose reads of runs and agents are verified with the caller's own node, at the block of the answer: `get`,
 * `list` and `all`, `getStakeInfo` and `canClaimRun`, and that there is no such run or agent. All other calls are unchanged, and
 * not verified.
 *
 * Each member of an answer that storage or the run's own logs have is compared. `proofOf(answer).unproven` names the others:
 * contents (title, summary, tags, brief, name, description), `posterRecord`, `applications`, `volume`, `feesPaid`, `reasons`, `pagination`. That a list has
 * all runs that match, in their order, is not proven: its members are, one by one.
 *
 * These calls throw FalseAnswerError if the chain disproves an answer, and UnverifiedAnswerError if the node proves neither.
 * @param reads such as `createRunlineClient` or `createRunlineReads` returns.
 */
export function verifyReads<Reads extends RunlineReads>(reads: Reads, options: VerifyOptions): Reads {
  const prove = createProver(options)
  const runs = verifiedRuns(reads, prove)
  const agents = verifiedAgents(reads, prove)
  return { ...reads, runs: { ...reads.runs, ...runs }, agents: { ...reads.agents, ...agents } }
}

type Read<Answer> = (minBlock: ReadOptions) => Promise<Answer>
type Query = ReadOptions | { minBlock?: number }
type Absent = { RUN_NOT_FOUND?: Check; AGENT_NOT_FOUND?: Check }

/** Reads an answer until it is proven. @param absent how to check the refusals that there is no such thing. */
async function readProven<Answer extends object>(
  prove: Prover,
  read: Read<Answer>,
  check: (answer: Answer) => Check,
  { minBlock, signal }: Query & CallOptions,
  absent: Absent = {},
): Promise<Answer> {
  const { answer, proof } = await prove<Answer | Error>(
    async (least) => {
      const asked = least ?? minBlock
      try {
        const answer = await read(asked === undefined ? {} : { minBlock: asked })
        return { headers: headersOf(answer), check: check(answer), answer }
      } catch (error) {
        if (!isProblem(error, 'RUN_NOT_FOUND', 'AGENT_NOT_FOUND')) throw error
        const refusal = absent[error.code]
        if (!refusal) throw error
        return { headers: error.headers, check: refusal, answer: error }
      }
    },
    { minBlock, signal },
  )
  if (answer instanceof Error) throw answer
  if (proof) proofs.set(answer, proof)
  return answer
}

const noRun = (id: AnyId) => ({ RUN_NOT_FOUND: checkNoRun(BigInt(id)) })
const noAgent = (id: AnyId) => ({ AGENT_NOT_FOUND: checkNoAgent(BigInt(id)) })

/** The read of one run or agent, proven. @param absent how to check the refusals that there is no such thing. */
const readById =
  <Answer extends object>(
    prove: Prover,
    read: (id: AnyId, query: ReadOptions, options: CallOptions) => Promise<Answer>,
    check: (id: bigint, answer: Answer) => Check,
    absent: (id: AnyId) => Absent,
  ) =>
  (id: AnyId, query: ReadOptions = {}, options: CallOptions = {}): Promise<Answer> =>
    readProven(
      prove,
      (least) => read(id, { ...query, ...least }, options),
      (answer) => check(BigInt(id), answer),
      { ...query, ...options },
      absent(id),
    )

function verifiedRuns({ runs }: RunlineReads, prove: Prover): Pick<RunlineReads['runs'], 'get' | 'list' | 'all'> {
  const verified: ReturnType<typeof verifiedRuns> = {
    get: readById(prove, runs.get, checkRun, noRun),

    list: (query = {}, options = {}) =>
      readProven(prove, (least) => runs.list({ ...query, ...least }, options), checkRuns, { ...query, ...options }),

    async *all(query = {}, options = {}) {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await verified.list({ ...query, ...(cursor !== undefined && { cursor }) }, options)
        yield* page.runs
        cursor = page.pagination.nextCursor
      }
    },
  }
  return verified
}

type AgentReads = Pick<RunlineReads['agents'], 'get' | 'list' | 'all' | 'getStakeInfo' | 'canClaimRun'>

function verifiedAgents({ agents }: RunlineReads, prove: Prover): AgentReads {
  const verified: AgentReads = {
    get: readById(prove, agents.get, checkAgent, noAgent),

    getStakeInfo: readById(prove, agents.getStakeInfo, checkAgentStake, noAgent),

    canClaimRun: ({ agentId, runId }, query = {}, options = {}) =>
      readProven(
        prove,
        (least) => agents.canClaimRun({ agentId, runId }, { ...query, ...least }, options),
        (eligibility) => checkEligibility(BigInt(runId), BigInt(agentId), eligibility),
        { ...query, ...options },
        { ...noRun(runId), ...noAgent(agentId) },
      ),

    list: (query = {}, options = {}) =>
      readProven(prove, (least) => agents.list({ ...query, ...least }, options), checkAgents, { ...query, ...options }),

    async *all(query = {}, options = {}) {
      for (let page = 1, totalPages = 1; page <= totalPages; page++) {
        const { agents: found, pagination } = await verified.list({ ...query, page }, options)
        yield* found
        totalPages = pagination.totalPages
      }
    },
  }
  return verified
}
