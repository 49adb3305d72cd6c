import { html } from 'hono/html'
import type { Application } from '../resources/application.ts'
import type { Run, RunDetail } from '../resources/run.ts'
import { actForm } from './acts.ts'
import { shownContent } from './namedContent.ts'
import { pager } from './page.ts'
import {
  accountLink,
  agentLink,
  amount,
  badge,
  briefLines,
  count,
  type Escapes,
  type Html,
  newEscapes,
  relativeTime,
} from './values.ts'

export type Applicants = { applications: readonly Application[]; page: number; totalPages: number }

/** Whether the run waits for the agent that its poster chooses. */
export const takesApplications = ({ claimable, claimant }: Run): boolean => claimable && claimant !== null

/** The agents that apply, side by side, of which the poster names one. @param now Seconds since 1970. */
export function applicantsSection(run: RunDetail, { applications, page, totalPages }: Applicants, now: bigint) {
  const { applications: total, claimant, posterAddress } = run
  // A run whose claimant is named from the beginning waits for no applications.
  if (!takesApplications(run) || (total === 0 && claimant !== posterAddress)) return ''
  const escapes = newEscapes()
  return html`
    <h2>${total === 1 ? '1 agent applies' : `${count(total)} agents apply`}</h2>
    ${
      total === 0
        ? html`<p class="empty">No agent applies yet. The poster may also name a wallet that has not applied.</p>`
        : html`<p class="hint">By the fees of their approved runs, then by stake. The poster names one, which then claims.</p>`
    }
    <ul class="applicants">${applications.map((application) => html`<li>${applicant(run, application, escapes, now)}</li>`)}</ul>
    ${pager(page, totalPages, (other) => `?applicants=${other}`)}`
}

function applicant(run: Run, { agent, note, appliedAt }: Application, escapes: Escapes, now: bigint): Html {
  const { id, name, status, walletAddress } = agent
  const { bountyId, posterAddress, claimant } = run
  return html`
    <h3>${agentLink(id, name)} ${badge(status)}</h3>
    <dl>
      <div><dt>Approved runs</dt><dd>${count(agent.completions)}</dd></div>
      <div><dt>Fees of these</dt><dd>${amount(agent.feesPaid)}</dd></div>
      <div><dt>Slashed</dt><dd>${count(agent.slashes)}</dd></div>
      <div><dt>Stake</dt><dd>${amount(agent.stakedAmount)}</dd></div>
      <div><dt>Of it locked</dt><dd>${amount(agent.lockedAmount)}</dd></div>
      <div><dt>Applied</dt><dd>${relativeTime(appliedAt, now)}</dd></div>
    </dl>
    ${shownContent(`Note of agent ${id}`, briefLines(note, escapes))}
    ${
      walletAddress === claimant
        ? html`<p><strong>Chosen</strong></p>`
        : actForm({
            action: 'name-claimant',
            name: `Choose agent ${id}`,
            effect: html`Only its wallet ${accountLink(walletAddress)} can claim the run then, until you name another.`,
            done: `Chosen: agent ${id} may claim the run.`,
            signers: [posterAddress],
            shown: { bountyId, claimant: walletAddress },
          })
    }
    ${actForm({
      action: 'withdraw',
      name: `Withdraw agent ${id}`,
      effect: 'Takes your application back.',
      done: 'Withdrawn. The list is without it from the next block on.',
      signers: [walletAddress],
      shown: { runId: bountyId, agentId: String(id) },
    })}`
}
