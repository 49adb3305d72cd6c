import { html } from 'hono/html'
import { runStates } from '../../../ponder.schema.ts'
import type { Stats } from '../queries/stats.ts'
import { type HistoryInterval, historyIntervals, type MarketPeriod } from '../queries/statsHistory.ts'
import type { Reserves } from '../reserves.ts'
import { actForm, progressLine } from './acts.ts'
import { livePart } from './page.ts'
import { barPlot } from './plots.ts'
import { amount, badge, classOf, count, duration, type Html, inUnit, UNITS, usdc, words } from './values.ts'

/** How many periods the plots show. */
export const PERIODS: Record<HistoryInterval, number> = { day: 30, week: 26, month: 12 }

type MarketPage = {
  stats: Stats
  history: readonly MarketPeriod[]
  interval: HistoryInterval
  /** Undefined where the node does not answer. */
  reserves: Reserves | undefined
}

/** Fewer bars would be too wide. */
const LEAST_BARS = 7

/** The periods from the first one on in which the market has a run. */
function fromFirstRun(history: readonly MarketPeriod[]): readonly MarketPeriod[] {
  const first = history.findIndex(({ byState }) => runStates.some((state) => byState[state] > 0))
  const start = first === -1 ? history.length : first
  return history.slice(Math.max(0, Math.min(start, history.length - LEAST_BARS)))
}

/** The market in figures, now and over time. */
export function marketPage({ stats, history: whole, interval, reserves }: MarketPage): Html {
  const { runs, market, agents, payees } = stats
  const history = fromFirstRun(whole)
  const figures = [
    { name: 'Claimable runs', value: count(runs.claimableRuns) },
    { name: 'In escrow', value: amount(market.escrowed) },
    { name: 'Paid to agents', value: amount(market.paid) },
    { name: 'Fees to the treasury', value: amount(market.feesPaid) },
    { name: 'At stake', value: amount(agents.staked) },
    { name: 'Locked by claims', value: amount(market.locked) },
    { name: 'Refused payments, not collected', value: amount(payees.owed) },
  ]
  return html`
    <h1>Market</h1>
    <p class="lead">All amounts are in USDC. Days are UTC.</p>
    ${livePart(
      'market',
      html`<dl class="figures">${figures.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
      <h2>Reserves</h2>
      ${reserves ? reservesTable(reserves) : html`<p class="hint">The node does not answer now.</p>`}
      <h2>Over time</h2>
      <nav class="intervals" aria-label="Interval">
        ${historyIntervals.map(
          (each) =>
            html`<a href="?interval=${each}" ${each === interval ? html`aria-current="page"` : ''}>By ${each}</a>`,
        )}
      </nav>
      <div class="plots">${plots(history)}</div>`,
    )}
    <details>
      <summary>The same figures as a table</summary>
      ${livePart('table', table(history))}
    </details>
    <section class="needs-script">
      <h2>Refused payments</h2>
      ${actForm(collectAct)}
    </section>
    ${progressLine}`
}

/** Each contract's USDC, and what it is for: a surplus is a donation. */
function reservesTable({ market, staking }: Reserves): Html {
  const ownDebts = market.debts - staking.unburned
  const rows = [
    { name: 'Market', held: market.held, owed: market.escrow + ownDebts, surplus: market.surplus },
    { name: 'Staking', held: staking.held, owed: staking.staked + staking.unburned, surplus: staking.surplus },
  ]
  return html`<p>What each contract holds, and what it owes to posters, agents and the treasury, at this page's block.</p>
    <div class="scroll"><table>
      <thead><tr>
        <th scope="col">Contract</th>
        ${['Holds', 'Owes', 'Surplus'].map((name) => html`<th scope="col" class="right">${name}</th>`)}
      </tr></thead>
      <tbody>${rows.map(
        ({ name, held, owed, surplus }) => html`<tr>
        <th scope="row">${name}</th>
        <td class="right">${usdc(held)}</td>
        <td class="right">${usdc(owed)}</td>
        <td class="right">${usdc(surplus)} ${surplus < 0n ? 'are missing' : surplus > 0n ? '(donated)' : ''}</td>
      </tr>`,
      )}</tbody>
    </table></div>`
}

const collectAct = {
  action: 'collect',
  name: 'Collect',
  effect: 'Pays all that the market owes to the account, if USDC pays it now. Anyone may do this, without a signature.',
  done: 'Collected: the account has what the market owed to it.',
  path: '/api/payees/{account}/collect',
  fields: html`<label class="wide">Account that USDC had refused
    <input name="account" pattern="0x[0-9a-fA-F]{40}" placeholder="0x…" required>
  </label>`,
}

/** Such as 1.5K. */
const compact = (value: number) => value.toLocaleString('en', { notation: 'compact' })

function plots(history: readonly MarketPeriod[]): Html[] {
  const days = history.map(({ start }) => start)
  const last = history.at(-1)
  const total = runStates.reduce((sum, state) => sum + (last?.byState[state] ?? 0), 0)
  const money = (name: 'escrowed' | 'paid') => history.map((period) => Number(period[name]) / 1e6)
  const dollars = (value: number) => `${usdc(BigInt(Math.round(value * 1e6)))} USDC`
  const waits = history.map((period) => period.secondsToClaim ?? 0)
  const unit = UNITS.find(({ seconds }) => Math.max(...waits) >= seconds) ?? { name: 'second', seconds: 1 }
  const claims = history.reduce((sum, period) => sum + period.claims, 0)
  return [
    barPlot({
      id: 'states',
      title: 'Runs by state',
      summary: `${count(total)} at the end`,
      days,
      series: runStates.map((state) => ({
        name: words(state),
        className: classOf(state),
        values: history.map(({ byState }) => byState[state]),
      })),
      format: count,
      formatTick: compact,
      leastStep: 1,
    }),
    barPlot({
      id: 'escrowed',
      title: 'In escrow',
      summary: `${usdc(last?.escrowed ?? 0n)} USDC at the end`,
      days,
      series: [{ name: 'In escrow', className: 'amounts', values: money('escrowed') }],
      format: dollars,
      formatTick: compact,
      leastStep: 0.01,
    }),
    barPlot({
      id: 'paid',
      title: 'Paid to agents in all',
      summary: `${usdc(last?.paid ?? 0n)} USDC at the end`,
      days,
      series: [{ name: 'Paid', className: 'amounts', values: money('paid') }],
      format: dollars,
      formatTick: compact,
      leastStep: 0.01,
    }),
    barPlot({
      id: 'waits',
      title: 'Time from open to claim, on average',
      summary: `${count(claims)} ${claims === 1 ? 'claim' : 'claims'} in this time`,
      days,
      series: [{ name: 'Time', className: 'claimed', values: waits }],
      format: duration,
      formatTick: (value) => inUnit(Math.round(value / unit.seconds), unit.name),
      leastStep: unit.seconds,
    }),
  ]
}

const table = (history: readonly MarketPeriod[]): Html => html`
  <div class="scroll" tabindex="0" role="region" aria-label="Figures over time">
    <table>
      <thead>
        <tr>
          <th scope="col">From</th>
          ${runStates.map((state) => html`<th scope="col" class="right">${badge(state)}</th>`)}
          <th scope="col" class="right">In escrow</th>
          <th scope="col" class="right">Paid</th>
          <th scope="col" class="right">Claims</th>
          <th scope="col" class="right">Time to claim</th>
        </tr>
      </thead>
      <tbody>
        ${history.toReversed().map(
          (period) => html`<tr>
            <th scope="row"><time datetime="${period.start}">${period.start}</time></th>
            ${runStates.map((state) => html`<td class="right">${count(period.byState[state])}</td>`)}
            <td class="right">${usdc(period.escrowed)}</td>
            <td class="right">${usdc(period.paid)}</td>
            <td class="right">${count(period.claims)}</td>
            <td class="right">${period.secondsToClaim === null ? '–' : duration(period.secondsToClaim)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`
