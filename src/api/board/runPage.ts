import { html } from 'hono/html'
import type { RunEvent } from '../resources/event.ts'
import type { Run, RunDetail } from '../resources/run.ts'
import { progressLine } from './acts.ts'
import { briefText } from './briefText.ts'
import { pager } from './page.ts'
import { runActs } from './runActs.ts'
import { posterLink } from './runListPage.ts'
import {
  agentLink,
  amount,
  badge,
  briefLine,
  contentLink,
  count,
  duration,
  type Html,
  relativeTime,
  shortHex,
} from './values.ts'

type RunPage = { run: RunDetail; events: readonly RunEvent[]; page: number; totalPages: number }

/** What happened, and the state of the run after it, which gives the event its colour. */
const eventNames: Record<RunEvent['name'], { text: string; className: string }> = {
  BountyCreated: { text: 'Created', className: 'draft' },
  BountyFunded: { text: 'Funded', className: 'open' },
  BountyWithdrawn: { text: 'Withdrawn', className: 'draft' },
  BountyClosing: { text: 'Closed by the poster', className: 'draft' },
  BountyClaimed: { text: 'Claimed', className: 'claimed' },
  ClaimRefused: { text: 'Claim refused', className: 'draft' },
  WorkStarted: { text: 'Work started', className: 'in-progress' },
  WorkSubmitted: { text: 'Work submitted', className: 'submitted' },
  RevisionRequested: { text: 'Revision requested', className: 'revision-requested' },
  BountyApproved: { text: 'Approved', className: 'approved' },
  BountyRejected: { text: 'Rejected', className: 'rejected' },
  ClaimSlashed: { text: 'Claim slashed', className: 'rejected' },
  ClaimAbandoned: { text: 'Claim abandoned', className: 'open' },
  PaymentDeferred: { text: 'Payment deferred', className: 'draft' },
}

/** Nothing if the value is null. */
const field = <Value>(name: string, value: Value | null, show: (value: Value) => Html | string): Html | string =>
  value === null ? '' : html`<div><dt>${name}</dt><dd>${show(value)}</dd></div>`

/** A text that may be long, over the whole width. */
const contentField = (name: string, hash: string | null): Html | string =>
  hash === null ? '' : html`<div class="whole"><dt>${name}</dt><dd>${contentLink(hash)}</dd></div>`

/** A run with its terms, its claim and its timeline. @param now Seconds since 1970. */
export function runPage({ run, events, page, totalPages }: RunPage, now: bigint): Html {
  const time = (value: string) => relativeTime(value, now)
  return html`
    <div data-live id="run">
      <div class="title">${runHeading(run)}${badge(run.state)}</div>
      <p class="lead">${whatIsNext(run, time)}${isLastClaim(run) ? ' The poster has closed the run: this claim is the last.' : ''}</p>
    </div>
    <div data-live id="acts">${runActs(run, now)}</div>
    ${progressLine}
    <div data-live id="details">
      <dl>
        ${field('Reward', run.reward, amount)}
        ${field('Fee, paid by the poster', run.fee, amount)}
        ${field('Stake that a claim locks', run.stakeRequired, amount)}
        ${field('To be claimed by', run.deadline, time)}
        ${field('Time to deliver', run.workPeriod, duration)}
        ${field('Poster', run, poster)}
        ${field('Evaluator', run, ({ evaluator }) => (evaluator === null ? 'The poster' : shortHex(evaluator)))}
        ${field('Created', run.createdAt, time)}
        ${contentField('Terms', run.ipfsHash)}
      </dl>
      ${run.brief === null ? '' : briefText(run.brief)}
      ${run.claimedBy === null ? '' : claim(run, run.claimedBy, time)}
      <h2>Timeline</h2>
      <ol class="timeline">${events.map((event) => timelineEntry(event, time))}</ol>
      ${pager(page, totalPages, (other) => `?page=${other}`)}
    </div>`
}

const runHeading = ({ bountyId, title }: Run): Html =>
  title === null
    ? html`<h1>Run ${bountyId}</h1>`
    : html`<h1>${briefLine(title)}</h1><span class="hint">Run ${bountyId}</span>`

/** The poster, and how its runs have ended. */
const poster = ({ posterAddress, posterRecord: { approved, rejected } }: RunDetail): Html =>
  html`${posterLink(posterAddress)} <span class="hint">${count(approved)} approved, ${count(rejected)} rejected</span>`

const isLastClaim = ({ closing, endedAt }: Run) => closing && endedAt === null

type Time = (time: string) => Html

/** What the run waits for, in a sentence. */
function whatIsNext({ state, claimable, deadline, submitBy, reviewBy, endedAt }: Run, time: Time): Html {
  if (claimable) return html`Open for claims until ${time(deadline)}.`
  if (state === 'OPEN') return html`The deadline passed ${time(deadline)}. The escrow can be refunded.`
  if (submitBy !== null) return html`The agent delivers next, due ${time(submitBy)}.`
  if (reviewBy !== null)
    return html`The evaluator reviews next, due ${time(reviewBy)}. After that, anyone may have it approved.`
  if (endedAt !== null) return html`Ended ${time(endedAt)}.`
  return html`Not funded. The poster funds it next.`
}

const claim = (run: Run, claimedBy: number | string, time: Time): Html => html`
  <h2>Claim ${run.round}</h2>
  <dl>
    ${field('Agent', claimedBy, agentLink)}
    ${field('Wallet', run.claimedByWallet, shortHex)}
    ${field('Stake at risk', run.stake, amount)}
    ${field('Claimed', run.claimedAt, time)}
    ${field('Delivery due', run.submitBy, time)}
    ${field('Submitted', run.submittedAt, time)}
    ${field('Review due', run.reviewBy, time)}
    ${field('Ended', run.endedAt, time)}
    ${field('Revisions requested', run.revisions, count)}
    ${contentField('Deliverable', run.deliverableHash)}
    ${contentField('Feedback', run.feedbackHash)}
  </dl>`

function timelineEntry(event: RunEvent, time: Time): Html {
  const { text, className } = eventNames[event.name]
  return html`<li class="${className}">
    <p><strong>${text}</strong>${event.byTimeout ? ' because the review period ended' : ''} · ${time(event.timestamp)}</p>
    <p>
      ${event.amount === null ? '' : html`${amount(event.amount)} `}
      ${event.agentId === null ? '' : html`${agentLink(event.agentId)} `}
      ${event.address === null ? '' : shortHex(event.address)}
      ${event.hash === null ? '' : html`<br>${contentLink(event.hash)}`}
    </p>
    <p class="transaction">Transaction <code>${event.transactionHash}</code> in block ${count(event.blockNumber)}</p>
  </li>`
}
