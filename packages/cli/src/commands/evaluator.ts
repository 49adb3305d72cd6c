import type { Command } from 'commander'
import { MAX_REVISIONS } from '../../../../core/market/constants.ts'
import { createRunlineClient, type Run, type RunlineClient } from '../../../client/src/index.ts'
import { verifyReads } from '../../../client/src/verify/index.ts'
import { action, type Context } from '../action.ts'
import { reviewDelivery } from '../evaluator/review.ts'
import { NeedsHumanError } from '../evaluator/urlCheck.ts'
import { explain } from '../explain.ts'
import { readAccount } from '../key.ts'
import { type Verified, verifyOption, verifyOptionsOf } from '../verified.ts'

/** For how long a read is repeated while the API does not answer. After that the process ends, and can be started again. */
const READ_TIMEOUT_SECONDS = 3_600
const ACTION_TIMEOUT_SECONDS = 120

/** The pause before a run is tried again doubles up to the longest. */
const FIRST_PAUSE_SECONDS = 5
const LONGEST_PAUSE_SECONDS = 600

/** How long before the end of the review a run is left to a human. */
const HUMAN_MS = 3_600_000

/** As many runs are reviewed at a time, so that a slow URL delays few others. */
const LANES = 8

/** `evaluator`: reviews the deliveries of runs that name the account as evaluator, by the checks of their briefs. */
export function addEvaluator(program: Command) {
  program
    .command('evaluator')
    .description('review the runs that name your account as evaluator, by the checks of their briefs, until Ctrl-C')
    .addOption(verifyOption())
    .action(action<Verified, []>(evaluate))
}

/**
 * It stores nothing. A verdict names a round and a revision, which the market accepts once: so the process may be killed at any
 * time, and another one, or two at once, read the same runs again.
 */
async function evaluate(context: Context<Verified>) {
  const { output, api, rpc, verify } = context
  const signer = readAccount(context)
  const { node, market } = await verifyOptionsOf(context)
  const client = createRunlineClient({ url: api, market, timeoutSeconds: READ_TIMEOUT_SECONDS })
  const runline = verify ? verifyReads(client, { node, market }) : client
  const by = { via: 'relay', signer, timeoutSeconds: ACTION_TIMEOUT_SECONDS } as const

  async function decide(run: Run): Promise<{ verdict: string; txHash: string; complaints: string[] }> {
    const complaints = await reviewDelivery(runline.content, run)
    if (complaints.length === 0) {
      return { verdict: 'approved', complaints, ...(await runline.runs.approve(run, run.revisions, by)) }
    }
    if (run.revisions >= MAX_REVISIONS)
      return { verdict: 'rejected', complaints, ...(await runline.runs.reject(run, run.revisions, by)) }
    const content = `The delivery fails checks of the brief:\n\n${complaints.map((each) => `- ${each}\n`).join('')}`
    return {
      verdict: 'revision requested',
      complaints,
      ...(await runline.runs.revise(run, run.revisions, { content }, by)),
    }
  }

  const timers = new Map<number, NodeJS.Timeout>()

  /** Reviews the run, now or later. @param attempt how often it was tried before. */
  async function review(id: number, attempt: number): Promise<void> {
    clearTimeout(timers.get(id))
    const run = await runline.runs.get(id)
    if (run.state !== 'SUBMITTED' || run.evaluator !== signer.address) return
    const { bountyId, round, revisions: revision, reviewBy } = run
    const subject = `Run ${id}, round ${round}, delivery ${revision + 1}`
    try {
      const { verdict, complaints, txHash } = await decide(run)
      output.line(`${subject}: ${verdict}, transaction ${txHash}`)
      for (const complaint of complaints) output.line(`  ${complaint}`)
      output.result({ bountyId, round, revision, verdict, complaints, txHash })
    } catch (error) {
      const { code, message: reason } = explain(error, { rpc })
      const isLeft = error instanceof NeedsHumanError || Date.now() > Date.parse(reviewBy ?? '') - HUMAN_MS
      const seconds = Math.min(FIRST_PAUSE_SECONDS * 2 ** attempt, LONGEST_PAUSE_SECONDS)
      const next = isLeft ? `a human must review it until ${reviewBy}` : `it is tried again in ${seconds} s`
      output.line(`${isLeft ? 'warning: ' : ''}${subject}: ${reason}: ${next}`)
      output.result({ bountyId, round, revision, verdict: null, needsHuman: isLeft, code, reason })
      if (!isLeft) timers.set(id, setTimeout(consider, seconds * 1_000, id, attempt + 1))
    }
  }

  const lanes = Array.from({ length: LANES }, () => Promise.resolve())
  /** A read that fails for an hour ends the process: see `READ_TIMEOUT_SECONDS`. */
  function consider(id: number, attempt = 0) {
    const lane = id % LANES
    lanes[lane] = (lanes[lane] ?? Promise.resolve()).then(() => review(id, attempt))
  }

  output.line(`Reviews for ${signer.address}, on chain ${market.chainId}.`)
  for await (const id of waitingRuns(client, signer.address)) consider(id)
}

/** The ids of runs that wait for the evaluator: those of now, then each as it is delivered. */
async function* waitingRuns({ runs, stream }: RunlineClient, evaluator: string): AsyncGenerator<number> {
  for await (const { type, data } of stream({ types: 'run', state: 'SUBMITTED' })) {
    if (type === 'run') {
      if (data.evaluator === evaluator && !data.left) yield data.bountyId
      continue
    }
    // After `ready` and `reset`, all that is submitted may be new.
    const query = { state: 'SUBMITTED', evaluator, minBlock: data.block.number } as const
    for await (const { bountyId } of runs.all(query)) yield bountyId
  }
}
