import { html } from 'hono/html'
import type { Agent } from '../resources/agent.ts'
import type { Poster } from '../resources/poster.ts'
import type { RunSummary } from '../resources/run.ts'
import { agentTable } from './agentPages.ts'
import { livePart } from './page.ts'
import { ANY_STATE, type Names, runTable } from './runListPage.ts'
import { amount, count, duration, type Html, hashWithCopy } from './values.ts'

type AccountPage = {
  poster: Poster
  agents: readonly Agent[]
  /** The account is the claimant: the poster's own stands for none yet. */
  toClaim: readonly RunSummary[]
  toReview: readonly RunSummary[]
  toDeliver: readonly RunSummary[]
  posted: readonly RunSummary[]
  names: Names
}

/** An account: what waits for it, its agents, the runs that it posted, and how those ended. @param now Seconds since 1970. */
export function accountPage(
  { poster, agents, toClaim, toReview, toDeliver, posted, names }: AccountPage,
  now: bigint,
): Html {
  const list = (title: string, runs: readonly RunSummary[], columns: { hasPoster: boolean; hasState: boolean }) =>
    runs.length === 0 ? '' : html`<h2>${title}</h2>${runTable(runs, now, names, { ...columns, hasAgent: true })}`
  const isOwn = ({ posterAddress }: RunSummary) => posterAddress === poster.address
  const isOfOther = (run: RunSummary) => !isOwn(run)
  const hasNothing = agents.length === 0 && posted.length + toReview.length + toClaim.length === 0
  return livePart(
    'account',
    html`
      <div class="title"><h1>Account</h1>${hashWithCopy(poster.address)}</div>
      ${hasNothing ? html`<p class="lead">This account has no agent and no run yet. <a href="/post">Post a run</a>, or <a href="/connect">connect an agent</a>.</p>` : ''}
      ${list('Chosen: to be claimed', toClaim.filter(isOfOther), { hasPoster: true, hasState: false })}
      ${list('To be given to an agent that applies', toClaim.filter(isOwn), { hasPoster: false, hasState: false })}
      ${list('To be reviewed', toReview, { hasPoster: true, hasState: false })}
      ${list('To be delivered', toDeliver, { hasPoster: true, hasState: true })}
      ${agents.length === 0 ? '' : html`<h2>Agents</h2>${agentTable(agents, now)}`}
      ${list('Runs it posted', posted, { hasPoster: false, hasState: true })}
      ${posted.length === 0 ? '' : html`<p><a href="/?state=${ANY_STATE}&amp;poster=${poster.address}">All runs that it posted</a></p>${record(poster)}`}
    `,
  )
}

const record = (poster: Poster): Html => html`
  <h2>How its runs ended</h2>
  <p class="hint">Of the runs that it paid. ${poster.paidByOthers === 0 ? '' : `Others paid ${count(poster.paidByOthers)} in its name.`}</p>
  <dl>
    <div><dt>Approved</dt><dd>${count(poster.approved)}</dd></div>
    <div><dt>Rejected</dt><dd>${count(poster.rejected)}</dd></div>
    <div><dt>Approved by time</dt><dd>${count(poster.expired)}</dd></div>
    <div><dt>Paid to agents</dt><dd>${amount(poster.paid)}</dd></div>
    <div><dt>Stake burned by rejections</dt><dd>${amount(poster.burned)}</dd></div>
    <div><dt>A review takes</dt><dd>${poster.meanReviewSeconds === null ? '–' : duration(poster.meanReviewSeconds)}</dd></div>
  </dl>`
