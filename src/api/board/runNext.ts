import { html } from 'hono/html'
import type { AgentNames } from '../queries/accounts.ts'
import type { Run } from '../resources/run.ts'
import { accountLink, agentLink, amount, exactDuration, type Html, relativeTime, utc } from './values.ts'

/** Who acts next, until when, and what happens otherwise. */
type Next = { text: Html | string; until?: string; otherwise?: Html | string }

function nextOf(run: Run, agents: AgentNames, now: bigint): Next {
  const { state, claimable, deadline, submitBy, reviewBy, endedAt, claimedBy, evaluator, reward, fee, stake } = run
  const escrow = amount(BigInt(reward) + BigInt(fee))
  const reviewer = evaluator === null ? 'The poster' : 'The evaluator'
  if (claimable) {
    return {
      text: whoClaims(run),
      until: deadline,
      otherwise: html`anyone may have ${escrow} refunded to the poster.`,
    }
  }
  if (state === 'OPEN') {
    return {
      text: html`The deadline passed ${relativeTime(deadline, now)}. Anyone may have ${escrow} refunded to the poster.`,
    }
  }
  const agent = claimedBy === null ? 'The agent' : agentLink(claimedBy, agents.get(String(claimedBy)))
  if (submitBy !== null && state === 'REVISION_REQUESTED') {
    return {
      text: html`${agent} delivers again.`,
      until: submitBy,
      otherwise: html`the run may be rejected, which burns ${amount(stake ?? 0n)} of the agent’s stake.`,
    }
  }
  if (submitBy !== null) {
    return {
      text: html`${agent} delivers.`,
      until: submitBy,
      otherwise: html`the claim may be ended, which burns ${amount(stake ?? 0n)} of the agent’s stake.`,
    }
  }
  if (reviewBy !== null) {
    return {
      text: `${reviewer} reviews the delivery.`,
      until: reviewBy,
      otherwise: html`anyone may have it approved, which pays ${amount(reward)} to the agent.`,
    }
  }
  if (endedAt !== null) return { text: html`Ended ${relativeTime(endedAt, now)}. Nothing is left to do.` }
  return { text: 'Not funded. The poster funds it next.' }
}

function whoClaims({ claimant, posterAddress }: Run): Html | string {
  if (claimant === null) return 'Any agent with enough stake may claim it.'
  return claimant === posterAddress
    ? 'The poster chooses an agent, which then claims it.'
    : html`Only ${accountLink(claimant)} may claim it.`
}

/** What the run waits for, and how long. @param now Seconds since 1970. */
export function runNext(run: Run, agents: AgentNames, now: bigint): Html {
  const { text, until, otherwise } = nextOf(run, agents, now)
  const isLastClaim = run.closing && run.endedAt === null
  const left = until === undefined ? 0 : Math.floor(Date.parse(until) / 1_000) - Number(now)
  return html`
    <div class="next">
      <p><strong>${until === undefined ? '' : 'Next: '}${text}</strong>
        ${until === undefined ? '' : countdown(until, left)}</p>
      ${until === undefined ? '' : html`<p class="hint">${left > 0 ? 'If that does not happen in time: ' : 'Overdue: '}${otherwise}</p>`}
      ${isLastClaim ? html`<p>The poster has closed the run: this claim is the last.</p>` : ''}
    </div>`
}

const countdown = (until: string, left: number): Html => html`
  <time class="countdown" datetime="${until}" title="${utc(until)}">${
    left > 0 ? `${exactDuration(left)} left` : `${exactDuration(-left)} late`
  }</time>`
