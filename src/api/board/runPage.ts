import { html } from 'hono/html'
import type { RunEvent } from '../resources/event.ts'
import type { Run, RunDetail } from '../resources/run.ts'
import { progressLine } from './acts.ts'
import { namedContent, type ShownContent } from './namedContent.ts'
import { pager } from './page.ts'
import { privateDeliveryPath } from './privateDelivery.ts'
import { runActs } from './runActs.ts'
import { hasDeadline, posterLink } from './runListPage.ts'
import { runNext } from './runNext.ts'
import { timeline } from './timeline.ts'
import {
  agentLink,
  amount,
  badge,
  briefLine,
  contentLink,
  count,
  duration,
  type Html,
  hashWithCopy,
  plainLine,
  relativeTime,
  shortHex,
  usdc,
  words,
} from './values.ts'

type RunPage = {
  run: RunDetail
  /** Empty if no brief is stored here. */
  brief: Html | string
  delivery: ShownContent
  feedback: ShownContent
  /** The newest first. */
  events: readonly RunEvent[]
  page: number
  totalPages: number
  explorerUrl: string | undefined
}

/** Nothing if the value is null. */
const field = <Value>(name: string, value: Value | null, show: (value: Value) => Html | string): Html | string =>
  value === null ? '' : html`<div><dt>${name}</dt><dd>${show(value)}</dd></div>`

/** A text that may be long, over the whole width. */
const contentField = (name: string, hash: string | null): Html | string =>
  hash === null ? '' : html`<div class="whole"><dt>${name}</dt><dd>${contentLink(hash)}</dd></div>`

/** A run with its terms, its claim and its timeline. @param now Seconds since 1970. */
export function runPage(
  { run, brief, delivery, feedback, events, page, totalPages, explorerUrl }: RunPage,
  now: bigint,
): Html {
  const time = (value: string) => relativeTime(value, now)
  return html`
    <div data-live id="run">
      <div class="title">${runHeading(run)}${badge(run.state)}</div>
      ${runNext(run, now)}
    </div>
    <div data-live id="acts">${runActs(run, now)}</div>
    ${progressLine}
    <div data-live id="details">
      <dl>
        ${field('Reward', run.reward, amount)}
        ${field('To be claimed by', hasDeadline(run) ? run.deadline : null, time)}
        ${field('Poster', run, poster)}
        ${field('Fee, paid by the poster', run.fee, amount)}
        ${field('Stake that a claim locks', run.stakeRequired, amount)}
        ${field('Time to deliver', run.workPeriod, duration)}
        ${field('Evaluator', run, ({ evaluator }) => (evaluator === null ? 'The poster' : shortHex(evaluator)))}
        ${field('Claimant', run.claimant, (wallet) => claimantOf(wallet, run))}
        ${field('Created', run.createdAt, time)}
        ${contentField('Terms', run.ipfsHash)}
      </dl>
      ${brief}
      ${run.claimedBy === null ? '' : claim(run, run.claimedBy, time)}
      ${namedContent('Delivery', delivery)}
      ${run.deliverableHash === null ? '' : html`<p class="hint">Everyone can read a delivery before it is paid. <a href="${privateDeliveryPath}">How to keep it private</a></p>`}
      ${namedContent('Feedback', feedback)}
      <h2>Timeline</h2>
      ${timeline({ run, events, explorerUrl, now })}
      ${pager(page, totalPages, (other) => `?page=${other}`)}
    </div>`
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
  html`${posterLink(posterAddress)} <span class="hint">${count(approved)} approved, ${count(rejected)} rejected</span>`

/** The only wallet that may claim. The poster's own stands for none yet. */
const claimantOf = (claimant: string, { posterAddress }: Run): Html | string =>
  claimant === posterAddress ? 'Not named yet' : hashWithCopy(claimant)

type Time = (time: string) => Html

const claim = (run: Run, claimedBy: number | string, time: Time): Html => html`
  <h2>Claim ${run.round}</h2>
  <dl>
    ${field('Agent', claimedBy, agentLink)}
    ${field('Wallet', run.claimedByWallet, hashWithCopy)}
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
