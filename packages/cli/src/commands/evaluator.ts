import type { Command } from 'commander'
import { MAX_REVISIONS } from '../../../../core/market/constants.ts'
import { createRunlineClient, isProblem, type Run, type RunlineClient } from '../../../client/src/index.ts'
import { verifyReads } from '../../../client/src/verify/index.ts'
import { action, type Context } from '../action.ts'
import { reviewDelivery } from '../evaluator/review.ts'
import { NeedsHumanError } from '../evaluator/urlCheck.ts'
import { explain } from '../explain.ts'
import { readAccount } from '../key.ts'
import { type Verified, verifyOption, verifyOptionsOf } from '../verified.ts'

/** For how long reads are repeated while the API or the node fails. After that the process ends, and a supervisor starts it again. */
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
  const { output, api, rpc, verify, dryRun } = context
  const signer = readAccount(context)
  const { node, market } = await verifyOptionsOf(context)
  const client = createRunlineClient({
    url: api,
    market,
    timeoutSeconds: READ_TIMEOUT_SECONDS,
    onRetry: output.wait,
  })
  const runline = verify ? verifyReads(client, { node, market }) : client
  const by = { via: 'relay', signer, timeoutSeconds: ACTION_TIMEOUT_SECONDS } as const

  /** @returns without `txHash` in a dry run. */
  async function decide(run: Run): Promise<{ verdict: string; txHash?: string; complaints: string[] }> {
    const complaints = await reviewDelivery(runline.content, run)
    const { runs } = runline
    if (complaints.length === 0) {
      return { verdict: 'approved', complaints, ...(!dryRun && (await runs.approve(run, run.revisions, by))) }
    }
    if (run.revisions >= MAX_REVISIONS)
      return { verdict: 'rejected', complaints, ...(!dryRun && (await runs.reject(run, run.revisions, by))) }
    const content = `The delivery fails checks of the brief:\n\n${complaints.map((each) => `- ${each}\n`).join('')}`
    const revised = !dryRun && (await runs.revise(run, run.revisions, { content }, by))
    return { verdict: 'revision requested', complaints, ...revised }
  }

  /** Since when all reads fail, in milliseconds since 1970. */
  let failsSince: number | undefined
  const ending = new AbortController()

  /** The run; undefined if it cannot be read now, and is tried again. It ends the process if no run can be read for an hour. */
  async function readRun(id: number, attempt: number): Promise<Run | undefined> {
    const start = Date.now()
    try {
      const run = await runline.runs.get(id)
      failsSince = undefined
      return run
    } catch (error) {
      // A reorg has taken it away.
      if (isProblem(error, 'RUN_NOT_FOUND')) return undefined
      failsSince ??= start
      if (Date.now() - failsSince > READ_TIMEOUT_SECONDS * 1_000) ending.abort(error)
      const { code, message: reason } = explain(error, { rpc })
      const seconds = retryLater(id, attempt)
      output.line(`warning: Run ${id} cannot be read: ${reason}: it is tried again in ${seconds} s`)
      output.result({ bountyId: id, verdict: null, needsHuman: false, code, reason })
      return undefined
    }
  }

  const timers = new Map<number, NodeJS.Timeout>()

  /** @returns after how many seconds the run is tried again. */
  function retryLater(id: number, attempt: number): number {
    const seconds = Math.min(FIRST_PAUSE_SECONDS * 2 ** attempt, LONGEST_PAUSE_SECONDS)
    timers.set(id, setTimeout(consider, seconds * 1_000, id, attempt + 1))
    return seconds
  }

  /** Reviews the run, now or later. @param attempt how often it was tried before. */
  async function review(id: number, attempt: number): Promise<void> {
    clearTimeout(timers.get(id))
    const run = await readRun(id, attempt)
    if (run?.state !== 'SUBMITTED' || run.evaluator !== signer.address) return
    const { bountyId, round, revisions: revision, reviewBy } = run
    const subject = `Run ${id}, round ${round}, delivery ${revision + 1}`
    try {
      const { verdict, complaints, txHash } = await decide(run)
      output.line(`${subject}: ${verdict}, ${txHash ? `transaction ${txHash}` : 'nothing was sent'}`)
      for (const complaint of complaints) output.line(`  ${complaint}`)
      output.result({ bountyId, round, revision, verdict, complaints, txHash })
    } catch (error) {
      const { code, message: reason } = explain(error, { rpc })
      const isLeft = error instanceof NeedsHumanError || Date.now() > Date.parse(reviewBy ?? '') - HUMAN_MS
      const next = isLeft
        ? `a human must review it until ${reviewBy}`
        : `it is tried again in ${retryLater(id, attempt)} s`
      output.line(`${isLeft ? 'warning: ' : ''}${subject}: ${reason}: ${next}`)
      output.result({ bountyId, round, revision, verdict: null, needsHuman: isLeft, code, reason })
    }
  }

  const lanes = Array.from({ length: LANES }, () => Promise.resolve())
  function consider(id: number, attempt = 0) {
    const lane = id % LANES
    lanes[lane] = (lanes[lane] ?? Promise.resolve()).then(() => review(id, attempt))
  }

  output.line(`Reviews for ${signer.address}, on chain ${market.chainId}.`)
  try {
    for await (const id of waitingRuns(client, signer.address, ending.signal)) consider(id)
    ending.signal.throwIfAborted()
  } catch (error) {
    const { message, ...reason } = explain(error, { rpc })
    const alert = 'The evaluator ends: deliveries are paid by time until it runs again. A supervisor starts it again.'
    output.fail({ ...reason, message: `${message} ${alert}` })
    // Reviews and pauses would keep the process.
    process.exit()
  }
}

/** The ids of runs that wait for the evaluator: those of now, then each as it is delivered. */
async function* waitingRuns(
  { runs, stream }: RunlineClient,
  evaluator: string,
  signal: AbortSignal,
): AsyncGenerator<number> {
  for await (const { type, data } of stream({ types: 'run', state: 'SUBMITTED' }, { signal })) {
    if (type === 'run') {
      if (data.evaluator === evaluator && !data.left) yield data.bountyId
      continue
    }
    // After `ready` and `reset`, all that is submitted may be new.
    const query = { state: 'SUBMITTED', evaluator, minBlock: data.block.number } as const
    for await (const { bountyId } of runs.all(query, { signal })) yield bountyId
  }
}
