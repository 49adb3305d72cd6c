import { html } from 'hono/html'
import type { RunEvent } from '../resources/event.ts'
import type { Run } from '../resources/run.ts'
import { agentLink, amount, contentLink, count, type Html, hashWithCopy, relativeTime, shortHex } from './values.ts'

/** What happened, and the state of the run after it, which gives the event its colour. */
const eventNames: Record<RunEvent['name'], { text: string; className: string }> = {
  BountyCreated: { text: 'Created', className: 'draft' },
  ClaimantNamed: { text: 'Claimant named', className: 'open' },
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

type Timeline = { run: Run; events: readonly RunEvent[]; explorerUrl: string | undefined; now: bigint }

/** The run's events, the newest first. @param now Seconds since 1970. */
export const timeline = ({ run, events, explorerUrl, now }: Timeline): Html => html`
  <ol class="timeline">${events.map((event) => entry(event, run, explorerUrl, now))}</ol>`

/** The account, by its part in the run if it has one. */
function actor(address: string, { posterAddress, evaluator, claimedByWallet }: Run): Html {
  const names = new Map([
    [claimedByWallet, 'the agent’s wallet'],
    [evaluator, 'the evaluator'],
    [posterAddress, 'the poster'],
  ])
  const name = names.get(address)
  return name === undefined ? shortHex(address) : html`${name}, ${shortHex(address)}`
}

/** Who or what caused the event, or what it says, where its name does not. */
function cause({ name, address, by, byTimeout, rejection }: RunEvent, run: Run): Html | string {
  if (name === 'ClaimantNamed' && address === null) return ': anyone'
  if (byTimeout) return ' because the review period ended; the fee was burned'
  if (rejection === 'OVERDUE') return ' because no revision came in time'
  if (rejection === 'ABANDONED') return ' because the agent gave it up'
  if (by === null || (name === 'BountyFunded' && by === address)) return ''
  return html` by ${actor(by, run)}`
}

function entry(event: RunEvent, run: Run, explorerUrl: string | undefined, now: bigint): Html {
  const { text, className } = eventNames[event.name]
  const hash = event.transactionHash
  return html`<li class="${className}">
    <p><strong>${text}</strong>${cause(event, run)} · ${relativeTime(event.timestamp, now)}</p>
    <p>
      ${event.amount === null ? '' : html`${amount(event.amount)} `}
      ${event.agentId === null ? '' : html`${agentLink(event.agentId)} `}
      ${event.address === null ? '' : actor(event.address, run)}
      ${event.hash === null ? '' : html`<br>${contentLink(event.hash)}`}
    </p>
    <p class="transaction">Transaction ${hashWithCopy(hash)} in block ${count(event.blockNumber)}${
      explorerUrl === undefined ? '' : html` · <a href="${explorerUrl}/tx/${hash}" rel="noreferrer">Explorer</a>`
    }</p>
  </li>`
}
