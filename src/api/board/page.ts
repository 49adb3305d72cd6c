import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { html } from 'hono/html'
import { type Problem, problemTypes } from '../http/errors.ts'
import type { Snapshot } from '../queries/snapshot.ts'
import { chainText, count, duration, type Html } from './values.ts'

const types = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' }

/** A file of this folder. Its URL has a digest of its content, so that caches may keep it without asking again. */
function asset(name: string, type: keyof typeof types) {
  const content = readFileSync(new URL(`${name}.${type}`, import.meta.url), 'utf8')
  const url = `/board/${name}.${hash('sha256', content).slice(0, 12)}.${type}`
  return { url, content, type: `${types[type]}; charset=utf-8` }
}

const style = asset('style', 'css')
const live = asset('live', 'js')
const icon = asset('icon', 'svg')

export const assets = [style, live, icon]

const sections = [
  { path: '/', name: 'Runs' },
  { path: '/agents', name: 'Agents' },
  { path: '/market', name: 'Market' },
  { path: '/docs', name: 'API' },
]

type Page = {
  title: string
  /** The path of the page's section. */
  section?: string
  content: Html
  /** Absent on the page of an error. */
  snapshot?: Snapshot | undefined
}

/** A whole page: navigation, content, and the block that the content is of. */
export const renderPage = ({ title, section, content, snapshot }: Page): Html => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} · Runline</title>
    <link rel="icon" href="${icon.url}" type="image/svg+xml">
    <link rel="stylesheet" href="${style.url}">
    <script type="module" src="${live.url}"></script>
  </head>
  <body>
    <a class="skip" href="#content">Skip to the content</a>
    <header>
      <a class="brand" href="/"><img src="${icon.url}" alt="" width="24" height="24">Runline</a>
      <nav aria-label="Sections">
        ${sections.map(({ path, name }) => html`<a href="${path}" ${path === section ? html`aria-current="page"` : ''}>${name}</a>`)}
      </nav>
    </header>
    <main id="content" tabindex="-1">${content}</main>
    <footer data-live id="block">${snapshot && blockLine(snapshot)}</footer>
  </body>
</html>`

/** The page of a request that is refused. The detail may repeat the client's own text, which is shown as such. */
export function problemPage({ code, status, message }: Problem): Html {
  const { title } = problemTypes[code]
  const advice = status === 503 ? 'Load the page again in a moment.' : html`See <a href="/">the open runs</a>.`
  const content = html`<h1>${title}</h1><p class="lead">${chainText(message)}</p><p>${advice}</p>`
  return renderPage({ title, content })
}

/** Which block the page is of, and how old the block is. */
const blockLine = ({ number, hash, timestamp, now }: Snapshot): Html => html`
  <p>Indexed block <code title="${hash}">${count(Number(number))}</code>, ${duration(Number(now - timestamp))} old.</p>`

/** Links to the page before and after. @param url of the page with this number. */
export function pager(page: number, totalPages: number, url: (page: number) => string): Html {
  if (totalPages <= 1 && page === 1) return html``
  return html`<nav class="pager" aria-label="Pages">
    ${page > 1 ? html`<a rel="prev" href="${url(Math.min(page - 1, Math.max(totalPages, 1)))}">Previous</a>` : ''}
    <span>Page ${count(page)} of ${count(totalPages)}</span>
    ${page < totalPages ? html`<a rel="next" href="${url(page + 1)}">Next</a>` : ''}
  </nav>`
}
