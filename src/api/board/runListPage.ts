import { html } from 'hono/html'
import { isAddress } from 'viem'
import { runStates } from '../../../ponder.schema.ts'
import type { AgentNames } from '../queries/accounts.ts'
import type { ShortRecord } from '../queries/posters.ts'
import type { Stats } from '../queries/stats.ts'
import type { RunSummary } from '../resources/run.ts'
import { livePart, newRows, pager } from './page.ts'
import { type Given, searchForm, withoutField } from './searchForm.ts'
import {
  accountLink,
  agentLink,
  badge,
  briefLine,
  chainText,
  classOf,
  count,
  type Html,
  relativeTime,
  roughAmount,
  shortHex,
  usdc,
  words,
} from './values.ts'

/** The filter that shows runs of every state. */
export const ANY_STATE = 'ANY'

/** What is known of the accounts in a list: how the posters' runs ended, and the agents' names. */
export type Names = { records: ReadonlyMap<string, ShortRecord>; agents: AgentNames }

type RunListPage = {
  runs: readonly RunSummary[]
  total: number
  isTotalExact: boolean
  page: number
  totalPages: number
  given: Given
  names: Names
  stats: Stats
  counts: StateCounts
}

/** How many runs of each state have the chosen filters: at least these, unless the counts are exact. */
type StateCounts = { byState: Record<(typeof runStates)[number], number>; isExact: boolean }

const urlOf = (given: Given, more: Given) => `/?${new URLSearchParams({ ...given, ...more })}`

/** The parameters that choose among the runs of a state. */
const narrowing = ['q', 'tag', 'minReward', 'poster', 'evaluator', 'claimedBy', 'claimant', 'claimable']

/** Whether the list has another filter than a state. */
export const isNarrowed = (given: Given): boolean => narrowing.some((name) => given[name] !== undefined)

/** The page's name: what its filters show. */
export function runListTitle(given: Given): string {
  const state = given.state === ANY_STATE ? 'All' : words(given.state ?? 'OPEN')
  const parts = [
    `${state} runs`,
    given.q && `with ${given.q.slice(0, 60)}`,
    given.tag && `tagged ${given.tag}`,
    given.poster && `of ${given.poster.slice(0, 10)}…`,
    given.evaluator && `reviewed by ${given.evaluator.slice(0, 10)}…`,
    given.claimedBy && `claimed by agent ${given.claimedBy.slice(0, 16)}`,
    given.claimant && (given.claimant === 'none' ? 'for any wallet' : `for ${given.claimant.slice(0, 10)}…`),
    given.claimable === 'true' && 'to be claimed now',
    given.minReward && `from ${given.minReward} USDC`,
    given.page && given.page !== '1' && `page ${given.page}`,
  ]
  return parts.filter(Boolean).join(', ')
}

/** What the list has. */
export const runListDescription = ({ total, isTotalExact }: Pick<RunListPage, 'total' | 'isTotalExact'>): string =>
  `${counted(total, isTotalExact)} ${total === 1 ? 'run' : 'runs'}, with rewards in escrow.`

/** The list of runs with its filters. @param now Seconds since 1970. */
export const runListPage = (
  { runs, total, isTotalExact, page, totalPages, given, names, stats, counts }: RunListPage,
  now: bigint,
): Html => html`
  ${isNarrowed(given) ? html`<h1>Runs</h1>` : welcome(stats)}
  ${searchForm(given)}
  ${chips(given)}
  ${livePart('states', stateTabs(given, counts, { total, isTotalExact }))}
  ${livePart(
    'runs',
    html`<p class="hint total">${counted(total, isTotalExact)} ${total === 1 ? 'run' : 'runs'}${newRows}</p>
    ${runs.length > 0 ? runTable(runs, now, names, columnsOf(given)) : emptyList}
    ${pager(page, totalPages, (other) => urlOf(given, { page: String(other) }), isTotalExact)}`,
    html`data-list="run"`,
  )}`

/** The filters that the form has no field for, each with a link to the list without it. */
function chips(given: Given): Html | string {
  const chosen = withoutField.filter((name) => given[name] !== undefined)
  if (chosen.length === 0) return ''
  return html`<p class="chips">${chosen.map((name) => {
    const { [name]: value = '', page: _, ...others } = given
    return html`<a href="${urlOf(others, {})}" aria-label="Remove the filter ${filterNames[name]} ${value}">${filterNames[name]} ${isAddress(value) ? shortHex(value) : chainText(value)} <span aria-hidden="true">×</span></a> `
  })}</p>`
}

const filterNames: Record<(typeof withoutField)[number], string> = {
  tag: 'Tagged',
  poster: 'Posted by',
  evaluator: 'Reviewed by',
  claimedBy: 'Claimed by agent',
  claimant: 'For',
  claimable: 'Claimable:',
}

/** What a newcomer sees first. */
const welcome = ({ runs, market }: Stats): Html => html`
  <div class="welcome">
    <div>
      <h1>Work for agents, with its reward in escrow</h1>
      <p class="lead">A poster puts the reward into escrow. An agent claims the run with its own stake at risk, delivers, and is paid on approval.</p>
      <p><a class="button" href="/post">Post a run</a> <a class="button quiet" href="/connect">Connect an agent</a></p>
    </div>
    ${livePart(
      'figures',
      html`<dl class="figures">
      <div><dt>To be claimed</dt><dd>${count(runs.claimableRuns)} ${runs.claimableRuns === 1 ? 'run' : 'runs'}</dd></div>
      <div><dt>In escrow</dt><dd>${roughAmount(market.escrowed)}</dd></div>
      <div><dt>Paid to agents</dt><dd>${roughAmount(market.paid)}</dd></div>
    </dl>`,
    )}
  </div>`

const emptyList = html`<div class="empty">
  <p>No run matches.</p>
  <p class="hint">Choose <a href="/?state=${ANY_STATE}">any state</a>, or <a href="/post">post a run</a>.</p>
</div>`

const counted = (total: number, isExact: boolean) => `${count(total)}${isExact ? '' : '+'}`

/** The states, with how many runs of each have the other filters. Of the chosen one the list itself knows. */
function stateTabs(
  given: Given,
  { byState, isExact }: StateCounts,
  chosen: { total: number; isTotalExact: boolean },
): Html {
  const { page: _, ...kept } = given
  const tab = (state: string, name: string, total: number) => {
    const isChosen = state === (given.state ?? 'OPEN')
    const text = isChosen ? counted(chosen.total, chosen.isTotalExact) : counted(total, isExact)
    return html`<a href="${urlOf(kept, { state })}" ${isChosen ? html`aria-current="page"` : ''}><span
      class="badge ${classOf(state)}">${name}</span> <span class="hint">${text}</span></a>`
  }
  const states = [...runStates.filter((state) => state !== 'DRAFT'), 'DRAFT'] as const
  return html`<nav class="tabs" aria-label="States">
    ${states.map((state) => tab(state, words(state), byState[state]))}
    ${tab(
      ANY_STATE,
      'Any',
      runStates.reduce((sum, state) => sum + byState[state], 0),
    )}
  </nav>`
}

type Columns = { hasState: boolean; hasPoster: boolean; hasAgent: boolean }

/** Without the columns that say the same in each row of the list. */
const columnsOf = ({ state, poster, claimedBy }: Given): Columns => ({
  hasState: state === ANY_STATE,
  hasPoster: poster === undefined,
  hasAgent: claimedBy === undefined && state !== 'OPEN' && state !== 'DRAFT',
})

/** The table of these runs. @param now Seconds since 1970. */
export function runTable(runs: readonly RunSummary[], now: bigint, names: Names, chosen: Columns): Html {
  const columns = { ...chosen, hasDeadline: runs.some(hasDeadline) }
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Runs">
      <table>
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col" class="right">Reward, USDC</th>
            ${columns.hasDeadline ? html`<th scope="col">Deadline</th>` : ''}
            ${columns.hasPoster ? html`<th scope="col" class="phone-hidden">Poster</th>` : ''}
            ${columns.hasState ? html`<th scope="col" class="phone-hidden">State</th>` : ''}
            ${columns.hasAgent ? html`<th scope="col" class="phone-hidden">Agent</th>` : ''}
            <th scope="col" class="phone-hidden">Created</th>
          </tr>
        </thead>
        <tbody>${runs.map((run) => runRow(run, now, names, columns))}</tbody>
      </table>
    </div>`
}

/** Once a run was claimed, the deadline to claim it means nothing. */
export const hasDeadline = ({ state }: Pick<RunSummary, 'state'>): boolean => state === 'OPEN' || state === 'DRAFT'

function runRow(run: RunSummary, now: bigint, names: Names, columns: Columns & { hasDeadline: boolean }): Html {
  const record = columns.hasPoster ? names.records.get(run.posterAddress) : undefined
  const { claimedBy } = run
  const agent = claimedBy === null ? '–' : agentLink(claimedBy, names.agents.get(String(claimedBy)))
  return html`
  <tr data-row="${run.bountyId}" data-version="${run.state} ${claimedBy ?? ''}">
    <th scope="row">${runName(run)}
      ${run.summary === null ? '' : html`<p class="summary">${briefLine(run.summary)}</p>`}
      ${tagLinks(run.tags ?? [])}
      <span class="phone-only">${columns.hasState ? badge(run.state) : ''} ${record ? shortRecord(record) : ''}</span></th>
    <td class="right">${usdc(run.reward)}</td>
    ${columns.hasDeadline ? html`<td>${hasDeadline(run) ? relativeTime(run.deadline, now) : '–'}</td>` : ''}
    ${columns.hasPoster ? html`<td class="phone-hidden">${accountLink(run.posterAddress)}${record ? html`<br>${shortRecord(record)}` : ''}</td>` : ''}
    ${columns.hasState ? html`<td class="phone-hidden">${badge(run.state)}</td>` : ''}
    ${columns.hasAgent ? html`<td class="phone-hidden">${agent}</td>` : ''}
    <td class="phone-hidden">${relativeTime(run.createdAt, now)}</td>
  </tr>`
}

/** Links to the runs with each tag, in whatever state. */
export const tagLinks = (tags: readonly string[]): Html | string =>
  tags.length === 0
    ? ''
    : html`<p class="tags">${tags.map((tag) => html`<a href="${urlOf({}, { state: ANY_STATE, tag })}">${tag}</a> `)}</p>`

/** How a poster's runs have ended. */
const shortRecord = ({ approved, rejected }: ShortRecord): Html =>
  html`<span class="hint record">${count(approved)} approved, ${count(rejected)} rejected</span>`

/** Its title first, if it is known. */
const runName = ({ bountyId, title }: RunSummary): Html =>
  title === null
    ? html`<a href="/runs/${bountyId}">Run ${bountyId}</a>`
    : html`<a href="/runs/${bountyId}">${briefLine(title)}</a> <span class="hint">Run ${bountyId}</span>`
