import { type Command, Option } from 'commander'
import {
  type Brief,
  isProblem,
  type Run,
  type RunlineClient,
  type RunQuery,
  type RunState,
  type RunSummary,
} from '../../../client/src/index.ts'
import { runStates } from '../../../client/src/runStates.ts'
import { action, type Context } from '../action.ts'
import { formatUsdc, parseAddress, parseId, parseLimit } from '../arguments.ts'
import { openReader } from '../session.ts'
import { indented, storedText } from '../storedText.ts'
import { openReads, showProof, type Verified, verifyOption } from '../verified.ts'

/** The states in which `run watch` ends: the run never changes again. */
const finalStates: RunState[] = ['APPROVED', 'REJECTED']

type ListOptions = {
  state?: RunState
  minReward?: string
  poster?: string
  claimedBy?: bigint
  claimant?: string
  claimable?: boolean
  evaluator?: string
  q?: string
  tag?: string
  sort: NonNullable<RunQuery['sort']>
  order: NonNullable<RunQuery['order']>
  cursor?: string
  limit: number
} & Verified

export function addRunReads(run: Command) {
  run
    .command('list')
    .description('list runs, newest first unless --sort or --order says else')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(runStates))
    .option('--min-reward <amount>', 'only runs that pay at least so much, in whole USDC')
    .option('--poster <address>', 'only runs of this account', parseAddress)
    .option('--claimed-by <agent>', 'only runs that this agent claimed', parseId)
    .option('--claimant <wallet>', 'only runs that this wallet alone may claim, or "none": those for any wallet')
    .option('--evaluator <address>', 'only runs whose terms name this evaluator', parseAddress)
    .option('--claimable', 'only runs that can be claimed now')
    .option('--q <words>', 'only runs whose briefs have all these words')
    .option('--tag <tag>', 'only runs whose briefs have this tag')
    .addOption(
      new Option('--sort <field>', 'by what').choices(['createdAt', 'reward', 'deadline']).default('createdAt'),
    )
    .addOption(new Option('--order <order>', 'in which order').choices(['asc', 'desc']).default('desc'))
    .option('--limit <count>', 'how many', parseLimit, 20)
    .option('--cursor <cursor>', 'the page after another, which names it')
    .addOption(verifyOption())
    .action(action<ListOptions, []>(list))

  run
    .command('show')
    .description('show a run')
    .argument('<run>', 'the run’s id', parseId)
    .addOption(verifyOption())
    .action(action<Verified, [bigint]>(show))

  run
    .command('applications')
    .description('list the agents that apply for a run, the best record first')
    .argument('<run>', 'the run’s id', parseId)
    .option('--limit <count>', 'how many', parseLimit, 20)
    .action(action<{ limit: number }, [bigint]>(listApplications))

  run
    .command('watch')
    .description('print each change of a run until it is approved or rejected; with --json, an object per change')
    .argument('<run>', 'the run’s id', parseId)
    .addOption(verifyOption())
    .action(action<Verified, [bigint]>(watch))
}

async function list(context: Context<ListOptions>) {
  const { state, minReward, poster, claimedBy, claimant, evaluator, claimable, q, tag, cursor, output } = context
  const { limit, sort, order } = context
  const query: RunQuery = { limit, sort, order }
  if (state) query.state = state
  if (minReward) query.minReward = minReward
  if (poster) query.poster = poster
  if (claimedBy !== undefined) query.claimedBy = String(claimedBy)
  if (claimant) query.claimant = claimant
  if (claimable) query.claimable = 'true'
  if (q) query.q = q
  if (tag) query.tag = tag
  if (evaluator) query.evaluator = evaluator
  if (cursor) query.cursor = cursor
  const page = await (await openReads(context)).runs.list(query)
  for (const run of page.runs) output.line(summaryOf(run))
  const { total, totalIsExact, nextCursor } = page.pagination
  output.line(`${page.runs.length} of ${total.toLocaleString('en')}${totalIsExact ? '' : '+'} runs`)
  if (nextCursor) output.line(`The next page: --cursor ${nextCursor}`)
  output.result({ ...page, ...showProof(output, page) })
}

const summaryOf = ({ bountyId, state, reward, deadline, title, ipfsHash }: RunSummary) =>
  `${String(bountyId).padStart(6)}  ${state.padEnd(18)}  ${formatUsdc(reward).padStart(16)}  until ${deadline}  ${title ?? ipfsHash}`

async function show(context: Context<Verified>, id: bigint) {
  const { output } = context
  const reads = await openReads(context)
  const run = await reads.runs.get(id)
  const { bountyId, state, brief, posterAddress, evaluator, claimant, reward, fee, stakeRequired, workPeriod } = run
  const rows: [string, string | null][] = [
    ['work', run.ipfsHash],
    ['reward', `${formatUsdc(reward)}; the poster pays a fee of ${formatUsdc(fee)} as well`],
    ['stake', `${formatUsdc(stakeRequired)} at risk for the agent that claims it`],
    ['poster', posterAddress],
    ['evaluator', evaluator],
    ['claimant', claimant === posterAddress ? 'none named yet' : claimant],
    ['claim by', run.deadline],
    ['to deliver', `${workPeriod / 3_600} hours after the claim or a request for a revision`],
    ['claimed by', run.claimedBy === null ? null : `agent ${run.claimedBy}, wallet ${run.claimedByWallet}`],
    ['submit by', run.submitBy],
    ['review by', run.reviewBy],
    ['delivered', run.deliverableHash],
    ['feedback', run.feedbackHash],
    ['revisions', run.revisions === 0 ? null : String(run.revisions)],
    ['ended', run.endedAt],
  ]
  output.line(`Run ${bountyId} is ${state}.`)
  for (const [name, value] of rows) if (value !== null) output.line(rowOf(name, value))
  if (brief) for (const line of linesOf(brief)) output.line(line)
  const [delivery, feedback] = [await textOf(reads, run.deliverableHash), await textOf(reads, run.feedbackHash)]
  for (const [name, text] of Object.entries({ delivery, feedback })) {
    if (text !== null) for (const line of [`  ${name}`, ...indented(text)]) output.line(line)
  }
  output.result({ run, delivery, feedback, ...showProof(output, run) })
}

/** The text for the page: a store that is down hides it, and not the run. */
const textOf = ({ content }: RunlineClient, uri: string | null) =>
  storedText(content, uri).catch((error: unknown) => {
    if (isProblem(error, 'CONTENT_UNAVAILABLE')) return null
    throw error
  })

async function listApplications(context: Context<{ limit: number }>, id: bigint) {
  const { limit, output } = context
  const page = await openReader(context).runs.applications(id, { limit })
  for (const { agent, note } of page.applications) {
    const { completions, slashes, volume, stakedAmount, walletAddress } = agent
    output.line(
      `${String(agent.id).padStart(6)}  ${walletAddress}  ${completions} completed, ${slashes} slashed, ` +
        `earned ${formatUsdc(volume)}, ${formatUsdc(stakedAmount)} at stake`,
    )
    for (const line of indented(note)) output.line(line)
  }
  output.line(`${page.applications.length} of ${page.pagination.total} applications`)
  output.result(page)
}

const rowOf = (name: string, value: string) => `  ${name.padEnd(11)} ${value}`

/** What the run asks for. Its poster wrote it. */
const linesOf = ({ title, summary = '', description = '', acceptance = [] }: Brief): string[] => [
  rowOf('brief', title),
  ...[summary, ...description.split('\n')].filter((line) => line !== '').map((line) => `    ${line}`),
  ...acceptance.map((condition) => rowOf('condition', condition)),
]

async function watch(context: Context<Verified>, id: bigint) {
  const { runs, stream } = await openReads(context)
  // Also refuses a run that does not exist, for which the stream would wait.
  let run: Run = await runs.get(id)
  let last = ''
  for await (const { type, data } of stream({ types: 'run', runId: String(id) })) {
    // After `ready` and `reset` a read shows the run as it is. An event cannot be verified.
    run = type === 'run' && !context.verify ? data : await runs.get(id, { minBlock: data.block.number })
    const { state, claimedBy, round, revisions } = run
    // A round and a revision repeat states: a run may be claimed again between two reads.
    const change = `Run ${id} is ${state}${claimedBy === null ? '' : `, claimed by agent ${claimedBy}`}; claims ${round}, revisions ${revisions}`
    if (change === last) continue
    last = change
    context.output.line(change)
    context.output.result({ run, ...showProof(context.output, run) })
    if (finalStates.includes(state)) return
  }
}
