import { html } from 'hono/html'
import type { Html } from './values.ts'

const WIDTH = 320
const HEIGHT = 120

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
}

const fixed = (value: number) => value.toFixed(1)

/** A plot of stacked bars, one per period, as SVG without inline styles. */
export function barPlot({ id, title, summary, days, series, format }: Plot): Html {
  const totals = days.map((_, place) => series.reduce((sum, { values }) => sum + (values[place] ?? 0), 0))
  const most = Math.max(...totals, 0)
  const step = WIDTH / days.length
  const scale = most === 0 ? 0 : HEIGHT / most
  const bars = days.map((day, place) => {
    let top = HEIGHT
    const rects = series.map(({ className, values }) => {
      const height = (values[place] ?? 0) * scale
      top -= height
      return height === 0
        ? ''
        : html`<rect class="${className}" x="${fixed(place * step)}" y="${fixed(top)}" width="${fixed(step * 0.8)}" height="${fixed(height)}"/>`
    })
    return html`<g><title>${day}: ${format(totals[place] ?? 0)}</title>${rects}</g>`
  })
  return html`<figure class="plot">
    <figcaption>
      <strong>${title}</strong> <span>${summary}</span>
    </figcaption>
    <p class="axis">${most === 0 ? 'Nothing in this time' : format(most)}</p>
    <svg role="img" aria-labelledby="${id}-title" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">
      <title id="${id}-title">${title}: ${summary}</title>
      <line class="base" x1="0" x2="${WIDTH}" y1="${HEIGHT}" y2="${HEIGHT}"/>
      ${bars}
    </svg>
    <p class="axis ends"><span>${days[0]}</span><span>${days.at(-1)}</span></p>
    ${
      series.length > 1
        ? html`<ul class="legend">${series.map(({ name, className }) => html`<li><span class="swatch ${className}"></span>${name}</li>`)}</ul>`
        : ''
    }
  </figure>`
}
