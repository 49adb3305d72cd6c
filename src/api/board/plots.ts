import { html } from 'hono/html'
import type { Html } from './values.ts'

const WIDTH = 320
const HEIGHT = 120
const BAR_SHARE = 0.8

type Series = { name: string; className: string; values: readonly number[] }

type Plot = {
  id: string
  title: string
  /** What the plot shows now, in words: for readers who do not see it. */
  summary: string
  /** The first day of each period. */
  days: readonly string[]
  /** Stacked, the first at the bottom. */
  series: readonly Series[]
  format: (value: number) => string
  /** A short form, for the axis. */
  formatTick: (value: number) => string
  /** The least step between two ticks. */
  leastStep: number
}

const fixed = (value: number) => value.toFixed(1)

/** Zero and up to three steps of 1, 2 or 5 times a power of ten, or of the least step, up to `most` or above. */
export function ticksOf(most: number, leastStep: number): number[] {
  if (most <= 0) return [0]
  const rough = Math.max(most / 3 / leastStep, 1)
  const power = 10 ** Math.floor(Math.log10(rough))
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough) ?? 10
  const step = factor * power * leastStep
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, place) => place * step)
}

/** A plot of stacked bars, one per period, as SVG without inline styles. */
export function barPlot({ id, title, summary, days, series, format, formatTick, leastStep }: Plot): Html {
  const totals = days.map((_, place) => series.reduce((sum, { values }) => sum + (values[place] ?? 0), 0))
  const ticks = ticksOf(Math.max(...totals), leastStep)
  const highest = ticks.at(-1) ?? 0
  const scale = highest === 0 ? 0 : HEIGHT / highest
  const step = WIDTH / days.length
  const lines = ticks.map(
    (tick) => html`<line x2="${WIDTH}" y1="${fixed(HEIGHT - tick * scale)}" y2="${fixed(HEIGHT - tick * scale)}"/>`,
  )
  const bars = days.map((day, place) => {
    let top = HEIGHT
    const rects = series.map(({ className, values }) => {
      const height = (values[place] ?? 0) * scale
      top -= height
      return height === 0
        ? ''
        : html`<rect class="${className}" x="${fixed(place * step)}" y="${fixed(top)}" width="${fixed(step * BAR_SHARE)}" height="${fixed(height)}"/>`
    })
    const text = `${day}: ${format(totals[place] ?? 0)}`
    // The whole height is to be pointed at, however small the bar is.
    return html`<g data-text="${text}"><title>${text}</title><rect class="area" x="${fixed(place * step)}" width="${fixed(step)}" height="${HEIGHT}"/>${rects}</g>`
  })
  return html`<figure class="plot">
    <figcaption>
      <strong>${title}</strong> <span data-summary>${summary}</span>
    </figcaption>
    <div class="axes">
      <ol class="ticks" aria-hidden="true">${ticks.toReversed().map((tick) => html`<li>${tick === 0 ? 0 : formatTick(tick)}</li>`)}</ol>
      <svg role="img" aria-labelledby="${id}-title" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">
        <title id="${id}-title">${title}: ${summary}</title>
        ${lines}${bars}
      </svg>
      <p class="axis">${axisDays(days).map((day) => html`<span>${day}</span>`)}</p>
    </div>
    ${
      series.length > 1
        ? html`<ul class="legend">${series.map(({ name, className }) => html`<li><span class="swatch ${className}"></span>${name}</li>`)}</ul>`
        : ''
    }
  </figure>`
}

/** The first day, the last, and one between them. */
function axisDays(days: readonly string[]): string[] {
  const places = new Set([0, Math.floor((days.length - 1) / 2), days.length - 1])
  return [...places].map((place) => days[place] ?? '')
}
