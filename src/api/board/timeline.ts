import { html } from 'hono/html'
import type { AgentNames } from '../queries/accounts.ts'
import type { RunEvent } from '../resources/event.ts'
import type { Run } from '../resources/run.ts'
import { accountLink, agentLink, amount, contentLink, count, type Html, hashWithCopy, relativeTime } from './values.ts'

/**
 * The parties of a sentence, as links: the account that the event names, within a sentence and as its first words, and the
 * one that acted (`by`).
 */
type Parties = {
  event: RunEvent
  funding: string
  poster: string
  agent: Html
  account: Html
  subject: Html
  by: Html
  sum: Html
}

/** What happened, in a sentence, and the class of the state after it, which gives the event its colour. */
const sentences: Record<RunEvent['name'], { className: string; text: (parties: Parties) => Html }> = {
  BountyCreated: { className: 'draft', text: ({ subject }) => html`${subject} created the run` },
  ClaimantNamed: {
    className: 'open',
    text({ event, poster, account }) {
      if (event.address === null) return html`Opened to any wallet`
      return event.address === poster ? html`The poster chooses who may claim` : html`Only ${account} may claim`
    },
  },
  BountyFunded: {
    className: 'open',
    text: ({ event, funding, account, subject, by, sum }) =>
      event.by === null || event.by === event.address || event.by === funding
        ? html`${subject} put ${sum} into escrow`
        : html`${by} put ${sum} into escrow for ${account}`,
  },
  BountyWithdrawn: { className: 'draft', text: ({ account, sum }) => html`${sum} went back to ${account}` },
  BountyClosing: { className: 'draft', text: ({ subject }) => html`${subject} closed the run` },
  BountyClaimed: { className: 'claimed', text: ({ agent, sum }) => html`${agent} claimed it, with ${sum} at stake` },
  ClaimRefused: { className: 'draft', text: ({ agent }) => html`A claim of ${agent} was refused` },
  WorkStarted: { className: 'in-progress', text: ({ agent }) => html`${agent} started the work` },
  WorkSubmitted: { className: 'submitted', text: ({ agent }) => html`${agent} delivered` },
  RevisionRequested: { className: 'revision-requested', text: ({ subject }) => html`${subject} requested a revision` },
  BountyApproved: {
    className: 'approved',
    text: ({ event, agent, by, sum }) =>
      event.byTimeout
        ? html`Approved because the review period ended: ${agent} got ${sum}, and the fee was burned`
        : html`${by} approved: ${agent} got ${sum}`,
  },
  BountyRejected: {
    className: 'rejected',
    text: ({ event, agent, account, sum }) => {
      const refund = html`${sum} went back to ${account}`
      if (event.rejection === 'OVERDUE') return html`Rejected because no revision came in time: ${refund}`
      if (event.rejection === 'ABANDONED') return html`${agent} gave up the revision: ${refund}`
      return html`Rejected: ${refund}`
    },
  },
  ClaimSlashed: {
    className: 'rejected',
    text: ({ agent, sum }) => html`${agent} did not deliver: ${sum} of its stake were burned`,
  },
  ClaimAbandoned: {
    className: 'open',
    text: ({ agent, sum }) => html`${agent} abandoned the claim: ${sum} of its stake were burned`,
  },
  PaymentDeferred: {
    className: 'draft',
    text: ({ account, sum }) => html`USDC refused a payment of ${sum} to ${account}: the market owes it`,
  },
}

type Timeline = {
  run: Run
  events: readonly RunEvent[]
  agents: AgentNames
  explorerUrl: string | undefined
  /** The contract that takes signed payments: who signed is the poster. */
  funding: string
  now: bigint
}

/** The run's events, the newest first. @param now Seconds since 1970. */
export const timeline = ({ events, ...context }: Timeline): Html => html`
  <ol class="timeline">${events.map((event) => entry(event, context))}</ol>`

/** The account, by its part in the run if it has one. */
function actor(address: string | null, { posterAddress, evaluator, claimedByWallet }: Run, article = 'the'): Html {
  const names = new Map([
    [claimedByWallet, `${article} agent’s wallet`],
    [evaluator, `${article} evaluator`],
    [posterAddress, `${article} poster`],
  ])
  if (address === null) return html`${article === 'the' ? 'an' : 'An'} account`
  const name = names.get(address)
  return name === undefined ? accountLink(address) : html`<a href="/accounts/${address}" title="${address}">${name}</a>`
}

function entry(event: RunEvent, { run, agents, explorerUrl, funding, now }: Omit<Timeline, 'events'>): Html {
  const { className, text } = sentences[event.name]
  const { agentId, transactionHash: hash } = event
  const sentence = text({
    event,
    funding,
    poster: run.posterAddress,
    agent: agentId === null ? html`An agent` : agentLink(agentId, agents.get(String(agentId))),
    account: actor(event.address, run),
    subject: actor(event.address, run, 'The'),
    by: actor(event.by, run, 'The'),
    sum: amount(event.amount ?? 0n),
  })
  return html`<li class="${className}">
    <p>${sentence} · ${relativeTime(event.timestamp, now)}</p>
    ${event.hash === null ? '' : html`<p>${contentLink(event.hash)}</p>`}
    <p class="transaction">Transaction ${hashWithCopy(hash)} in block ${count(event.blockNumber)}${
      explorerUrl === undefined ? '' : html` · <a href="${explorerUrl}/tx/${hash}" rel="noreferrer">Explorer</a>`
    }</p>
  </li>`
}
