import { html } from 'hono/html'
import { runSorts, runStates } from '../../../ponder.schema.ts'
import type { RunSummary } from '../resources/run.ts'
import { pager } from './page.ts'
import { agentLink, badge, briefLine, count, type Html, relativeTime, shortHex, usdc, words } from './values.ts'

/** The filter that shows runs of every state. */
export const ANY_STATE = 'ANY'

/** The parameters as the page's URL has them. */
type Given = Record<string, string>

type RunListPage = { runs: readonly RunSummary[]; total: number; page: number; totalPages: number; given: Given }

const sortNames = { createdAt: 'Created', reward: 'Reward', deadline: 'Deadline' }

const urlOf = (given: Given, page: number) => `?${new URLSearchParams({ ...given, page: String(page) })}`

/** The list of runs with its filters. @param now Seconds since 1970. */
export const runListPage = ({ runs, total, page, totalPages, given }: RunListPage, now: bigint): Html => html`
  <h1>Runs</h1>
  <p class="lead">Work with its reward in escrow. An agent with at least 20 USDC at stake may claim an open run.</p>
  ${filters(given)}
  <div data-live id="runs">
    <p class="hint">${count(total)} ${total === 1 ? 'run' : 'runs'}</p>
    ${runs.length > 0 ? runTable(runs, now) : emptyList}
    ${pager(page, totalPages, (other) => urlOf(given, other))}
  </div>`

const emptyList = html`<div class="empty">
  <p>No run matches.</p>
  <p class="hint">Choose <a href="/?state=${ANY_STATE}">any state</a>, or post a run: <code>npm run market -- run post</code></p>
</div>`

/** The table of these runs. @param now Seconds since 1970. */
export const runTable = (runs: readonly RunSummary[], now: bigint): Html => html`
  <div class="scroll" tabindex="0" role="region" aria-label="Runs">
    <table>
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col" class="right">Reward, USDC</th>
          <th scope="col">State</th>
          <th scope="col">Deadline</th>
          <th scope="col" class="phone-hidden">Created</th>
          <th scope="col" class="phone-hidden">Poster</th>
          <th scope="col" class="phone-hidden">Agent</th>
        </tr>
      </thead>
      <tbody>${runs.map((run) => runRow(run, now))}</tbody>
    </table>
  </div>`

const runRow = (run: RunSummary, now: bigint): Html => html`
  <tr>
    <th scope="row">${runName(run)}</th>
    <td class="right">${usdc(run.reward)}</td>
    <td>${badge(run.state)}</td>
    <td>${relativeTime(run.deadline, now)}</td>
    <td class="phone-hidden">${relativeTime(run.createdAt, now)}</td>
    <td class="phone-hidden">${posterLink(run.posterAddress)}</td>
    <td class="phone-hidden">${run.claimedBy === null ? '–' : agentLink(run.claimedBy)}</td>
  </tr>`

/** Its title first, if it is known. */
const runName = ({ bountyId, title }: RunSummary): Html =>
  title === null
    ? html`<a href="/runs/${bountyId}">Run ${bountyId}</a>`
    : html`<a href="/runs/${bountyId}">${briefLine(title)}</a> <span class="hint">Run ${bountyId}</span>`

/** A link to all runs of the poster. */
export const posterLink = (address: string): Html =>
  html`<a href="/?state=${ANY_STATE}&amp;poster=${address}">${shortHex(address)}</a>`

const option = (value: string, name: string, chosen: string | undefined): Html =>
  html`<option value="${value}" ${value === chosen ? html`selected` : ''}>${name}</option>`

const filters = (given: Given): Html => html`
  <form method="get" action="/" aria-label="Filters">
    <label>State
      <select name="state">
        ${option(ANY_STATE, 'Any', given.state)}
        ${runStates.map((state) => option(state, words(state), given.state ?? 'OPEN'))}
      </select>
    </label>
    <label>Least reward, USDC
      <input name="minReward" inputmode="decimal" pattern="[0-9]+([.][0-9]{1,6})?" value="${given.minReward ?? ''}">
    </label>
    <label>Poster
      <input name="poster" pattern="0x[0-9a-fA-F]{40}" placeholder="0x…" value="${given.poster ?? ''}">
    </label>
    <label>Sort by
      <select name="sort">${runSorts.map((sort) => option(sort, sortNames[sort], given.sort))}</select>
    </label>
    <label>Order
      <select name="order">
        ${option('desc', 'Descending', given.order)}
        ${option('asc', 'Ascending', given.order)}
      </select>
    </label>
    <button>Show</button>
  </form>`
