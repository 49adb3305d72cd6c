import { html } from 'hono/html'
import type { MediaType } from '../../../content/checkContent.ts'
import { markdown } from './markdown.ts'
import { type Html, visibleLines } from './values.ts'

/** What a run names by its URI; undefined if it is not stored here. */
export type NamedContent = { mediaType: MediaType; text: string } | 'blocked' | 'unreadable' | undefined

/** The content, in a part of the page that scrolls. Without content there is none: the page shows its URI. */
export function namedContent(name: string, content: NamedContent): Html | string {
  if (content === undefined) return ''
  if (content === 'blocked') return html`<p class="hint">${name}: the operator of this server has taken it down.</p>`
  if (content === 'unreadable') return html`<p class="hint">${name}: it cannot be read now. Load the page again.</p>`
  return html`<div class="stored" tabindex="0" role="region" aria-label="${name}">${shown(content)}</div>`
}

const shown = ({ mediaType, text }: Exclude<NamedContent, string | undefined>): Html => {
  if (mediaType === 'text/markdown') return markdown(text)
  return html`<pre><code>${visibleLines(text)}</code></pre>`
}
