import { html } from 'hono/html'
import type { AgentNames } from '../queries/accounts.ts'
import type { RunEvent } from '../resources/event.ts'
import type { Run, RunDetail } from '../resources/run.ts'
import { progressLine } from './acts.ts'
import { type Applicants, applicantsSection } from './applicants.ts'
import { reviewPart, type Sent } from './exchange.ts'
import { livePart, pager } from './page.ts'
import { runActs } from './runActs.ts'
import { hasDeadline } from './runListPage.ts'
import { runNext } from './runNext.ts'
import { timeline } from './timeline.ts'
import {
  accountLink,
  agentLink,
  amount,
  badge,
  briefLine,
  contentLink,
  count,
  duration,
  type Html,
  plainLine,
  relativeTime,
  usdc,
  words,
} from './values.ts'

type RunPage = {
  run: RunDetail
  /** Empty if no brief is stored here. */
  brief: Html | string
  sent: readonly Sent[]
  /** A page of the agents that apply. */
  applicants: Applicants
  /** The newest first. */
  events: readonly RunEvent[]
  agents: AgentNames
  page: number
  totalPages: number
  explorerUrl: string | undefined
  /** The contract that takes signed payments. */
  funding: string
}

/** Nothing if the value is null. */
const field = <Value>(name: string, value: Value | null, show: (value: Value) => Html | string): Html | string =>
  value === null ? '' : html`<div><dt>${name}</dt><dd>${show(value)}</dd></div>`

/**
 * A run in the order of a decision: before a claim the work, then its terms, then what one can do; after it what was
 * delivered, then what one can do. @param now Seconds since 1970.
 */
export function runPage(
  { run, brief, sent, applicants, events, agents, page, totalPages, explorerUrl, funding }: RunPage,
  now: bigint,
): Html {
  const acts = runActs(run, now)
  const isClaimed = run.claimedBy !== null
  return html`
    ${livePart(
      'run',
      html`<div class="title">${runHeading(run)}${badge(run.state)}</div>
      ${runNext(run, agents, now)}`,
    )}
    ${reviewPart(sent, run, isClaimed ? acts : '')}
    ${livePart('brief', brief)}
    ${livePart('terms', terms(run, now))}
    ${livePart('applicants', applicantsSection(run, applicants, now))}
    ${livePart('claim', isClaimed ? '' : acts)}
    ${progressLine}
    ${livePart(
      'details',
      html`${run.claimedBy === null ? '' : claim(run, agentLink(run.claimedBy, agents.get(String(run.claimedBy))), now)}
      <h2>Timeline</h2>
      ${timeline({ run, events, agents, explorerUrl, funding, now })}
      ${pager(page, totalPages, (other) => `?page=${other}`)}`,
    )}`
}

function terms(run: RunDetail, now: bigint): Html {
  const time = (value: string) => relativeTime(value, now)
  return html`<h2>Terms</h2>
    <dl>
      ${field('Reward', run.reward, amount)}
      ${field('To be claimed by', hasDeadline(run) ? run.deadline : null, time)}
      ${field('Poster', run, poster)}
      ${field('Fee, paid by the poster', run.fee, amount)}
      ${field('Stake that a claim locks', run.stakeRequired, amount)}
      ${field('Time to deliver', run.workPeriod, duration)}
      ${field('Evaluator', run, ({ evaluator }) => (evaluator === null ? 'The poster' : accountLink(evaluator)))}
      ${field('Claimant', run.claimant, (wallet) => claimantOf(wallet, run))}
      ${field('Created', run.createdAt, time)}
      <div class="whole"><dt>Brief</dt><dd>${contentLink(run.ipfsHash)}</dd></div>
    </dl>`
}

/** The run in a sentence, without markup. */
export const runDescription = ({ reward, state, summary }: Run): string =>
  [`${usdc(reward)} USDC, ${words(state).toLowerCase()}.`, summary === null ? '' : plainLine(summary)].join(' ').trim()

const runHeading = ({ bountyId, title }: Run): Html =>
  title === null
    ? html`<h1>Run ${bountyId}</h1>`
    : html`<h1>${briefLine(title)}</h1><span class="hint">Run ${bountyId}</span>`

/** The poster, and how its runs have ended. */
const poster = ({ posterAddress, posterRecord: { approved, rejected } }: RunDetail): Html =>
  html`${accountLink(posterAddress)} <span class="hint">${count(approved)} approved, ${count(rejected)} rejected</span>`

/** The only wallet that may claim. The poster's own stands for none yet. */
const claimantOf = (claimant: string, { posterAddress }: Run): Html | string =>
  claimant === posterAddress ? 'Not named yet' : accountLink(claimant)

function claim(run: Run, agent: Html, now: bigint): Html {
  const time = (value: string) => relativeTime(value, now)
  return html`<h2>Claim ${run.round}</h2>
    <dl>
      <div><dt>Agent</dt><dd>${agent}</dd></div>
      ${field('Wallet', run.claimedByWallet, accountLink)}
      ${field('Stake at risk', run.stake, amount)}
      ${field('Claimed', run.claimedAt, time)}
      ${field('Delivery due', run.submitBy, time)}
      ${field('Submitted', run.submittedAt, time)}
      ${field('Review due', run.reviewBy, time)}
      ${field('Ended', run.endedAt, time)}
      ${field('Revisions requested', run.revisions, count)}
    </dl>`
}
