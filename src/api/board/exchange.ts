import { html } from 'hono/html'
import type { RunEvent } from '../resources/event.ts'
import type { RunDetail } from '../resources/run.ts'
import { type ShownContent, shownContent } from './namedContent.ts'
import { privateDeliveryPath } from './privateDelivery.ts'
import { contentLink, type Html, newEscapes, relativeTime, visibleLines } from './values.ts'

/** A delivery, or what the reviewer answered to it. `content` is what its hash names, as far as it is stored here. */
export type Sent = { event: RunEvent; content: ShownContent }

/** The deliveries and the feedback of the run's last claim, the oldest first. @param events The newest first. */
export function lastExchange(events: readonly RunEvent[]): RunEvent[] {
  const claimed = events.findIndex(({ name }) => name === 'BountyClaimed')
  const ofClaim = claimed === -1 ? events : events.slice(0, claimed)
  return ofClaim.filter(({ name }) => name === 'WorkSubmitted' || name === 'RevisionRequested').toReversed()
}

/**
 * What was delivered, beside the conditions of the brief while it is reviewed, so that a reviewer decides on what it sees. A later
 * delivery replaces the marks at the conditions, which are of the one before.
 */
export const exchangeSection = (sent: readonly Sent[], run: RunDetail, now: bigint): Html => {
  const conditions = run.state === 'SUBMITTED' ? (run.brief?.acceptance ?? []) : []
  return html`
  <div class="review">
    <div data-live id="exchange" class="exchange">${exchange(sent, now)}${checked(sent, run)}</div>
    <section id="checks" class="checklist" aria-live="polite"></section>
    <div data-live id="checklist" data-of="${sent.length}">${conditions.length === 0 ? '' : checklist(conditions)}</div>
  </div>`
}

/** What a script checks the last delivery by, if both are stored here. It shows the results outside of what is replaced. */
function checked(sent: readonly Sent[], { ipfsHash, brief }: RunDetail): Html | string {
  const last = sent.findLast(({ event }) => event.name === 'WorkSubmitted')
  if (brief?.checks === undefined || typeof last?.content !== 'object') return ''
  return html`<span hidden data-checked data-brief="${ipfsHash}" data-delivery="${last.event.hash}"></span>`
}

function exchange(sent: readonly Sent[], now: bigint): Html | string {
  if (sent.length === 0) return ''
  const lastDelivery = sent.findLastIndex(({ event }) => event.name === 'WorkSubmitted')
  const numbers = { WorkSubmitted: 0, RevisionRequested: 0 }
  const entries = sent.map(({ event, content }, place) => {
    const isDelivery = event.name === 'WorkSubmitted'
    const name = `${isDelivery ? 'Delivery' : 'Feedback'} ${++numbers[isDelivery ? 'WorkSubmitted' : 'RevisionRequested']}`
    return html`<details ${place >= lastDelivery ? 'open' : ''}>
      <summary><h2>${name}</h2> <span class="hint">${relativeTime(event.timestamp, now)}</span></summary>
      ${shownContent(name, content)}
      ${event.hash === null ? '' : html`<p class="hint">${contentLink(event.hash)}</p>`}
    </details>`
  })
  return html`${entries}
    <p class="hint">Everyone can read a delivery before it is paid. <a href="${privateDeliveryPath}">How to keep it private</a></p>`
}

function checklist(conditions: readonly string[]): Html {
  const escapes = newEscapes()
  return html`<section class="checklist" aria-labelledby="conditions">
    <h2 id="conditions">To be approved</h2>
    <ul>${conditions.map(
      (condition) =>
        html`<li><label class="check"><input type="checkbox" autocomplete="off"> <bdi class="words">${visibleLines(condition, escapes)}</bdi></label></li>`,
    )}</ul>
    <p class="hint">Your marks help you to decide. They are not sent.</p>
  </section>`
}
