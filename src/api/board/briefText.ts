import { html } from 'hono/html'
import type { Brief } from '../resources/brief.ts'
import { markdown } from './markdown.ts'
import { tagLinks } from './runListPage.ts'
import { briefLine, briefLines, type Escapes, type Html, newEscapes } from './values.ts'

/** A brief. Only its description is Markdown, and its attachments are no links. */
export function briefText({ title: _, ...brief }: Brief): Html | string {
  return Object.keys(brief).length === 0 ? '' : wholeBrief(brief, newEscapes())
}

const wholeBrief = (
  { summary, description, acceptance = [], tags = [], attachments = [], checks = {} }: Omit<Brief, 'title'>,
  escapes: Escapes,
): Html => html`
  <h2>What is asked for</h2>
  ${summary === undefined ? '' : html`<p>${briefLine(summary, escapes)}</p>`}
  ${description === undefined ? '' : markdown(description, escapes)}
  ${list('To be approved', acceptance, escapes)}
  ${list(
    'Checked by software',
    Object.entries(checks).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    escapes,
  )}
  ${list(
    'Attachments',
    attachments.map(({ name, cid, size }) => `${name}, ${size} bytes: ${cid}`),
    escapes,
  )}
  ${tagLinks(tags)}`

const list = (name: string, items: readonly string[], escapes: Escapes): Html | string =>
  items.length === 0
    ? ''
    : html`<h3>${name}</h3><ul class="items">${items.map((item) => html`<li>${briefLines(item, escapes)}</li>`)}</ul>`
