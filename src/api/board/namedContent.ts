import { html } from 'hono/html'
import type { MediaType } from '../content/checkContent.ts'
import { markdown } from './markdown.ts'
import { briefLines, type Html, visibleLines } from './values.ts'

export type StoredText = { mediaType: MediaType; text: string }

/** What a run names by its URI; undefined if it is not stored here. */
export type NamedContent = StoredText | 'blocked' | 'unreadable' | undefined

/** The same on a page. */
export type ShownContent = Html | Exclude<NamedContent, StoredText>

/** How content is shown: in a part of the page that scrolls. Nothing if it is not stored here: the page shows its URI. */
export function shownContent(name: string, content: ShownContent): Html | string {
  if (content === undefined) return ''
  if (content === 'blocked') return html`<p class="hint">The operator of this server has taken it down.</p>`
  if (content === 'unreadable') return html`<p class="hint">It cannot be read now. Load the page again.</p>`
  return html`<div class="stored" tabindex="0" role="region" aria-label="${name}">${content}</div>`
}

export function contentText({ mediaType, text }: StoredText): Html {
  if (mediaType === 'text/markdown') return markdown(text)
  return mediaType === 'text/plain' ? briefLines(text) : html`<pre><code>${visibleLines(text)}</code></pre>`
}
