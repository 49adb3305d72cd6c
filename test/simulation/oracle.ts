import type { Hash } from 'viem'
import { marketOf } from '../../core/deployment.ts'
import {
  type Check,
  checkAgent,
  checkAgentStake,
  checkAgents,
  checkNoAgent,
  checkNoRun,
  checkRun,
  checkRuns,
} from '../../packages/client/src/verify/checks.ts'
import { FalseAnswerError, UnverifiedAnswerError } from '../../packages/client/src/verify/errors.ts'
import type { Block } from '../../packages/client/src/verify/node.ts'
import { createProver } from '../../packages/client/src/verify/prover.ts'
import type { Answer, Json } from './api.ts'
import {
  compareAgentList,
  compareBoard,
  compareEvents,
  compareReserves,
  compareStats,
  type Market,
  readMarket,
} from './market.ts'
import type { Question } from './questions.ts'
import { compareRunList } from './runList.ts'
import type { World } from './world.ts'

export type Oracle = ReturnType<typeof createOracle>

/** The chain's clock jumps by days. */
const MAX_LAG_SECONDS = 1_000_000_000

const OF_A_REMOVED_BLOCK: UnverifiedAnswerError['reason'][] = ['BLOCK_UNKNOWN', 'NODE_BEHIND']

type Compared = {
  /** False if a reorg has removed the block of the answer: no node has its state. */
  isProven: boolean
  differences: string[]
}

/**
 * Compares answers of the API with the chain at the block that they name: rows as a client verifies them, and what a client
 * cannot verify, lists and counts, with the contracts' views of all runs and agents. The audit compares the tables at the end.
 *
 * Neither finds what is wrong in an answer of a block that a reorg has removed before the comparison: no node has its state.
 * Only the audit compares the sums of an agent (`volume`, `feesPaid`), the records of posters, and the days of the market.
 */
export function createOracle(world: World) {
  const { deployment, node } = world
  // A reorg has removed an unknown block: it does not come back.
  const limits = { maxLagSeconds: MAX_LAG_SECONDS, timeoutSeconds: 0 }
  const prove = createProver({ node, market: marketOf(deployment), ...limits })
  const markets = new Map<Hash, Promise<Market>>()
  /** By block and question. */
  const bodies = new Map<string, string>()

  const subjectOf = ({ path }: Question, { block, hash }: Answer) => `${path} at block ${block}, ${hash}`

  async function compareAnswer(question: Question, answer: Answer): Promise<Compared> {
    const subject = subjectOf(question, answer)
    const changed = compareWithEarlier(question, answer)
    let compared = await compareWithChain(subject, question, answer)
    // While Anvil reorgs, it may answer with the state of another block than the one that it is asked for.
    if (compared.differences.length > 0) {
      markets.clear()
      compared = await compareWithChain(subject, question, answer)
    }
    return { ...compared, differences: [...changed, ...compared.differences] }
  }

  async function compareWithChain(subject: string, question: Question, answer: Answer): Promise<Compared> {
    const headers = new Headers({ 'X-Indexed-Block': answer.block ?? '', 'X-Indexed-Hash': answer.hash ?? '' })
    let counted: string[] = []
    const check: Check = async (view) => {
      if (answer.status === 200) counted = await compareCounts(subject, question, answer.body, view.block)
      return checkOf(question, answer)(view)
    }
    try {
      await prove(async () => ({ headers, check, answer }))
      return { isProven: true, differences: counted }
    } catch (error) {
      if (!(error instanceof FalseAnswerError) && !(error instanceof UnverifiedAnswerError)) throw error
      // What was counted while a reorg removed the block says nothing. A node below the block is within a reorg.
      if (error instanceof UnverifiedAnswerError && OF_A_REMOVED_BLOCK.includes(error.reason)) {
        return { isProven: false, differences: [] }
      }
      return { isProven: true, differences: [...counted, `${subject}: ${error.message}`] }
    }
  }

  /** Of one block there is one answer to a question. This holds also for a block that a reorg has removed. */
  function compareWithEarlier(question: Question, answer: Answer): string[] {
    const { hash, status, body } = answer
    const subject = subjectOf(question, answer)
    const text = JSON.stringify([status, body])
    const earlier = bodies.get(subject) ?? text
    if (hash !== null) bodies.set(subject, earlier)
    return earlier === text ? [] : [`${subject}: first ${earlier}, then ${text}`]
  }

  /** Compares what no client can verify: which rows a list has, and the counts. */
  async function compareCounts(subject: string, question: Question, body: Json, block: Block): Promise<string[]> {
    if (question.subject === 'events') return compareEvents(world, subject, question.id, body, block.number)
    if (!('id' in question)) {
      const reading = markets.get(block.hash) ?? readMarket(world, block)
      markets.set(block.hash, reading)
      const market = await reading
      switch (question.subject) {
        case 'runs':
          return compareRunList(subject, question, body, market)
        case 'agents':
          return compareAgentList(subject, body, market)
        case 'stats':
          return compareStats(subject, body, market)
        case 'reserves':
          return compareReserves(subject, body, market)
        case 'board':
          return compareBoard(subject, body, market)
      }
    }
    return []
  }

  return { compareAnswer, compareWithEarlier }
}

/** What a client would verify of the answer. */
function checkOf(question: Question, { status, body }: Answer): Check {
  const isFound = status === 200
  switch (question.subject) {
    case 'run':
      return isFound ? checkRun(question.id, body) : checkNoRun(question.id)
    case 'agent':
      return isFound ? checkAgent(question.id, body) : checkNoAgent(question.id)
    case 'stake':
      return isFound ? checkAgentStake(question.id, body) : checkNoAgent(question.id)
    case 'events':
      return isFound ? async () => nothing : checkNoRun(question.id)
    case 'runs':
      return checkRuns(body)
    case 'agents':
      return checkAgents(body)
    case 'stats':
    case 'reserves':
    case 'board':
      return async () => nothing
  }
}

const nothing = { differences: [], unproven: [] }
