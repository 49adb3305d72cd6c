import { html } from 'hono/html'
import type { RunEvent } from '../resources/event.ts'
import type { RunDetail } from '../resources/run.ts'
import { type ShownContent, shownContent } from './namedContent.ts'
import { livePart } from './page.ts'
import { privateDeliveryPath } from './privateDelivery.ts'
import { contentLink, type Html, newEscapes, utc, visibleLines, words } from './values.ts'

/** A delivery, or what the reviewer answered to it. `content` is what its hash names, as far as it is stored here. */
export type Sent = { event: RunEvent; content: ShownContent }

/** The deliveries and the feedback of the run's last claim, the oldest first. @param changes The newest first. */
export function lastExchange(changes: readonly RunEvent[]): RunEvent[] {
  const claimed = changes.findIndex(({ name }) => name === 'BountyClaimed')
  const ofClaim = claimed === -1 ? changes : changes.slice(0, claimed)
  return ofClaim.filter(({ name }) => name === 'WorkSubmitted' || name === 'RevisionRequested').toReversed()
}

const isDelivery = ({ event }: Sent) => event.name === 'WorkSubmitted'

/**
 * What was delivered, beside the conditions of the brief while it is reviewed, and what one can do: a single part, so that a
 * reviewer decides on what it sees. No time in it is relative: it is replaced, and scrolled back, only where something changed.
 */
export function reviewPart(sent: readonly Sent[], run: RunDetail, acts: Html | string): Html {
  const conditions = run.state === 'SUBMITTED' ? (run.brief?.acceptance ?? []) : []
  const last = sent.findLast(isDelivery)
  const news =
    run.state === 'SUBMITTED' && last
      ? `${nameOf(last)} has come.`
      : `The run is now: ${words(run.state).toLowerCase()}.`
  const content = html`
    <p class="later" role="status"></p>
    <div class="exchange">${exchange(sent)}</div>
    ${checked(last, run)}
    ${conditions.length === 0 ? '' : checklist(conditions)}
    ${acts}`
  return livePart('review', content, html`class="review" data-news="${news}"`)
}

/** Where a script shows which checks the last delivery passes, if both are stored here. */
function checked(last: Sent | undefined, { ipfsHash, brief }: RunDetail): Html | string {
  if (brief?.checks === undefined || typeof last?.content !== 'object') return ''
  return html`<section id="checks" class="checklist" aria-live="polite" data-brief="${ipfsHash}" data-delivery="${last.event.hash}"></section>`
}

/** A delivery's ordinal is that of the request that it answers, from 1; the claim's first has 0. */
const nameOf = (sent: Sent): string =>
  isDelivery(sent) ? `Delivery ${(sent.event.ordinal ?? 0) + 1}` : `Feedback ${sent.event.ordinal}`

function exchange(sent: readonly Sent[]): Html | string {
  if (sent.length === 0) return ''
  const lastDelivery = sent.findLastIndex(isDelivery)
  const entries = sent.map((each, place) => {
    const { event, content } = each
    const name = nameOf(each)
    return html`<details ${place >= lastDelivery ? 'open' : ''}>
      <summary><h2>${name}</h2> <span class="hint">${utc(event.timestamp)}</span></summary>
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
