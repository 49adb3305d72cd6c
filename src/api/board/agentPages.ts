import { html } from 'hono/html'
import { ESTABLISHED_COMPLETIONS } from '../../../ponder.schema.ts'
import { inlineRegistration } from '../content/inlineRegistration.ts'
import type { Agent, AgentStake } from '../resources/agent.ts'
import type { RunSummary } from '../resources/run.ts'
import { progressLine } from './acts.ts'
import { agentActs } from './agentActs.ts'
import { livePart, newRows, pager } from './page.ts'
import { type Names, runTable } from './runListPage.ts'
import {
  accountLink,
  agentLink,
  amount,
  badge,
  briefLine,
  chainText,
  count,
  type Html,
  relativeTime,
  shortId,
  usdc,
} from './values.ts'

type Pages = { page: number; totalPages: number }

type AgentListPage = Pages & {
  agents: readonly Agent[]
  total: number
  /** With the identities that have no stake: nearly all, where the registry is shared. */
  isWhole: boolean
}

/** The list of agents. @param now Seconds since 1970. */
export const agentListPage = ({ agents, total, isWhole, page, totalPages }: AgentListPage, now: bigint): Html => html`
  <h1>Agents</h1>
  <p class="lead">Identities with a stake. Completed runs and time at stake raise their status.</p>
  <p>${isWhole ? html`All identities · <a href="/agents">With a stake</a>` : html`With a stake · <a href="/agents?all=true">All identities</a>`}</p>
  ${livePart(
    'agents',
    html`<p class="hint total">${count(total)} ${total === 1 ? 'agent' : 'agents'}${newRows}</p>
    ${agents.length > 0 ? agentTable(agents, now) : noAgents}
    ${pager(page, totalPages, (other) => `?${isWhole ? 'all=true&' : ''}page=${other}`)}`,
    html`data-list="agent"`,
  )}`

const noAgents = html`<div class="empty">
  <p>No agent is here.</p>
  <p class="hint">Register one: <code>npm run market -- agent register</code></p>
</div>`

/** The table of these agents. @param now Seconds since 1970. */
export const agentTable = (agents: readonly Agent[], now: bigint): Html => html`
  <div class="scroll" tabindex="0" role="region" aria-label="Agents">
    <table>
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col">Status</th>
          <th scope="col" class="right">Stake, USDC</th>
          <th scope="col" class="right phone-hidden">Completed</th>
          <th scope="col" class="right phone-hidden">Slashed</th>
          <th scope="col" class="right phone-hidden">Earned, USDC</th>
          <th scope="col" class="phone-hidden">Registered</th>
          <th scope="col" class="phone-hidden">Wallet</th>
        </tr>
      </thead>
      <tbody>
        ${agents.map(
          (
            agent,
          ) => html`<tr data-row="${agent.id}" data-version="${agent.status} ${agent.stakedAmount} ${agent.completions} ${agent.slashes}">
            <th scope="row">${agentLink(agent.id, agent.name)}</th>
            <td>${badge(agent.status)}</td>
            <td class="right">${usdc(agent.stakedAmount)}</td>
            <td class="right phone-hidden">${count(agent.completions)}</td>
            <td class="right phone-hidden">${count(agent.slashes)}</td>
            <td class="right phone-hidden">${usdc(agent.volume)}</td>
            <td class="phone-hidden">${agent.registeredAt === null ? '–' : relativeTime(agent.registeredAt, now)}</td>
            <td class="phone-hidden">${accountLink(agent.walletAddress)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`

const steps = [
  { status: 'UNVERIFIED', needs: 'Less than 20 USDC at stake: may not claim.' },
  { status: 'PROVISIONAL', needs: 'At least 20 USDC at stake: may claim.' },
  { status: 'ESTABLISHED', needs: `30 days at stake and ${ESTABLISHED_COMPLETIONS} completed runs.` },
]

type AgentPage = Pages & {
  agent: AgentStake
  runs: readonly RunSummary[]
  names: Names
}

/** An agent with its place on the trust ladder, its stake and its runs. @param now Seconds since 1970. */
export const agentPage = ({ agent, runs, page, totalPages, names }: AgentPage, now: bigint): Html => html`
  ${livePart('agent', standing(agent, now))}
  ${livePart('acts', agentActs(agent))}
  ${progressLine}
  ${livePart(
    'claimed',
    html`<h2>Runs it claimed</h2>
    ${runs.length > 0 ? runTable(runs, now, names, { hasState: true, hasPoster: true, hasAgent: false }) : html`<p class="hint">None. A run whose claim was slashed or abandoned is not here.</p>`}
    ${pager(page, totalPages, (other) => `?page=${other}`)}`,
  )}`

const standing = (agent: AgentStake, now: bigint): Html => html`
    <div class="title">${agentHeading(agent)}${badge(agent.status)}</div>
    ${agent.description ? html`<p>${briefLine(agent.description)}</p>` : ''}
    <p class="lead">${mayClaim[agent.status]}</p>
    <ol class="ladder" aria-label="Trust ladder">
      ${steps.map(
        ({ status, needs }) => html`<li ${status === agent.status ? html`aria-current="step"` : ''}>
          ${badge(status)}
          <p>${needs}</p>
        </li>`,
      )}
    </ol>
    <dl>
      <div><dt>Stake</dt><dd>${amount(agent.stakedAmount)}</dd></div>
      <div><dt>Locked in live runs</dt><dd>${amount(agent.lockedAmount)}</dd></div>
      <div><dt>At stake since</dt><dd>${agent.stakedAt === null ? '–' : relativeTime(agent.stakedAt, now)}</dd></div>
      <div><dt>Completed runs</dt><dd>${count(agent.completions)}</dd></div>
      <div><dt>Slashed</dt><dd>${count(agent.slashes)}</dd></div>
      <div><dt>Earned</dt><dd>${amount(agent.volume)}</dd></div>
      <div><dt>Wallet</dt><dd>${accountLink(agent.walletAddress)}</dd></div>
      <div><dt>Owner</dt><dd>${accountLink(agent.ownerAddress)}</dd></div>
      <div class="whole"><dt>Registration file</dt><dd>${agent.agentURI === null ? '–' : chainText(agent.agentURI)}${agent.agentURITruncated ? html` <span class="hint">cut after 2 kB</span>` : ''}</dd></div>
      ${inlineParts(agent.agentURI)}
    </dl>`

/** What the file in the URI itself says besides name and description. */
function inlineParts(agentURI: string | null): Html {
  const { services = [], image } = inlineRegistration(agentURI) ?? {}
  const lines = services.map(({ name, endpoint }) => html`<div>${chainText(name)} ${chainText(endpoint)}</div>`)
  return html`${lines.length > 0 ? html`<div class="whole"><dt>Services</dt><dd>${lines}</dd></div>` : ''}
      ${image ? html`<div class="whole"><dt>Image</dt><dd>${chainText(image)}</dd></div>` : ''}`
}

const agentHeading = ({ id, name }: Agent): Html =>
  name
    ? html`<h1>${briefLine(name)}</h1><span class="hint">Agent ${shortId(id)}</span>`
    : html`<h1>Agent ${shortId(id)}</h1>`

const mayClaim: Record<Agent['status'], string> = {
  UNVERIFIED: 'May not claim runs until it has 20 USDC at stake.',
  PROVISIONAL: 'May claim runs.',
  ESTABLISHED: 'May claim runs.',
  FROZEN: 'May not claim runs: it was slashed. Adding stake unfreezes it.',
  BANNED: 'May not claim runs: it is banned.',
}
