import { html } from 'hono/html'
import type { MediaType } from '../content/checkContent.ts'
import { markdown } from './markdown.ts'
import { briefLines, type Html, visibleLines } from './values.ts'

export type StoredText = { mediaType: MediaType; text: string }

/** What a run names by its URI; undefined if it is not stored here. */
export type NamedContent = StoredText | 'blocked' | 'unreadable' | undefined

/** The same on a page. */
export type ShownContent = Html | Exclude<NamedContent, StoredText>

/** How the content of a run is shown under its heading: in a part of the page that scrolls. */
export function namedContent(name: string, content: ShownContent): Html | string {
  // The page shows its URI.
  if (content === undefined) return ''
  return html`<h3>${name}</h3>${shown(name, content)}`
}

function shown(name: string, content: NonNullable<ShownContent>): Html {
  if (content === 'blocked') return html`<p class="hint">The operator of this server has taken it down.</p>`
  if (content === 'unreadable') return html`<p class="hint">It cannot be read now. Load the page again.</p>`
  return html`<div class="stored" tabindex="0" role="region" aria-label="${name}">${content}</div>`
}

export function contentText({ mediaType, text }: StoredText): Html {
  if (mediaType === 'text/markdown') return markdown(text)
  return mediaType === 'text/plain' ? briefLines(text) : html`<pre><code>${visibleLines(text)}</code></pre>`
}
