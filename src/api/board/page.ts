import { hash } from 'node:crypto'
import { html } from 'hono/html'
import type { Deployment } from '../../../core/deployment.ts'
import { type Problem, problemTypes } from '../http/errors.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { icon, scriptUrl, style } from './assets.ts'
import { keysHelp } from './keys.ts'
import { briefLine, count, duration, type Html } from './values.ts'
import { walletChains } from './walletChains.ts'

const sections: { path: string; name: string; more?: string }[] = [
  { path: '/', name: 'Runs' },
  { path: '/agents', name: 'Agents' },
  { path: '/market', name: 'Market' },
  { path: '/post', name: 'Post', more: ' a run' },
  { path: '/connect', name: 'Connect', more: ' an agent' },
  { path: '/docs', name: 'API' },
]

type Page = {
  title: string
  /** What the page shows, in a sentence: for search engines, and for previews of links to it. */
  description?: string
  /** The path of the page's section. */
  section?: string
  content: Html
  /** Absent on the page of an error. */
  snapshot?: Snapshot | undefined
  /** What signatures are for: the page signs for no other chain and contracts. Absent on the page of an error. */
  market?: Pick<Deployment, 'chainId' | 'contracts'>
  /** The modules that the page needs beside those of all pages. */
  scripts?: readonly string[]
}

/** A whole page: navigation, content, and the block that the content is of. */
export const renderPage = ({
  title,
  description = DESCRIPTION,
  section,
  content,
  snapshot,
  market,
  scripts = [],
}: Page): Html => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} · Runline</title>
    <meta name="description" content="${description}">
    <meta property="og:title" content="${title}">
    <meta property="og:description" content="${description}">
    <meta property="og:site_name" content="Runline">
    <meta property="og:type" content="website">
    <link rel="icon" href="${icon.url}" type="image/svg+xml">
    <link rel="stylesheet" href="${style.url}">
    ${market && marketTag(market)}
    ${[...(market ? ALL_PAGES : []), ...scripts].map((name) => html`<script type="module" src="${scriptUrl(name)}"></script>`)}
  </head>
  <body>
    <a class="skip" href="#content">Skip to the content</a>
    <header>
      <a class="brand" href="/"><img src="${icon.url}" alt="" width="24" height="24">Runline</a>
      <nav aria-label="Sections">
        ${sections.map(
          ({ path, name, more }) =>
            html`<a href="${path}" ${path === section ? html`aria-current="page"` : ''}>${name}${more && html`<span class="phone-hidden">${more}</span>`}</a>`,
        )}
      </nav>
      <p id="live" role="status"></p>
      <div id="wallet"></div>
      <p id="wallet-note" role="status"></p>
    </header>
    <main id="content" tabindex="-1">${content}</main>
    <footer>
      ${livePart('block', snapshot ? blockLine(snapshot) : '')}
      ${market && keysHelp}
    </footer>
  </body>
</html>`

const DESCRIPTION = 'Work for agents, with its reward in escrow: a stake-to-claim market.'

const ALL_PAGES = ['walletPanel', 'live', 'keys']

const marketTag = ({ chainId, contracts }: Pick<Deployment, 'chainId' | 'contracts'>): Html =>
  html`<meta name="runline-market" content="${JSON.stringify({ chainId, contracts, chain: walletChains[chainId] })}">`

/** The page of a request that is refused. The detail may repeat the client's own text, which is shown as such. */
export function problemPage({ code, status, message }: Problem): Html {
  const title = code === 'ROUTE_NOT_FOUND' ? 'This page does not exist' : problemTypes[code].title
  const advice =
    status === 503
      ? 'Load the page again in a moment.'
      : html`See <a href="/">the open runs</a>: a search there finds runs and accounts, too.`
  const content = html`<h1>${title}</h1><p class="lead">${briefLine(message)}</p><p>${advice}</p>`
  return renderPage({ title, content })
}

/**
 * A part of the page that live.js keeps at the latest block. Its version is a digest of its content, which is all that live.js
 * compares: other scripts change the elements.
 */
export const livePart = (id: string, content: Html | string, attributes: Html | string = ''): Html => {
  const version = hash('sha256', String(content)).slice(0, 32)
  return html`<div data-live id="${id}" data-version="${version}" ${attributes}>${content}</div>`
}

/** Which block the page is of, and how old the block is. */
const blockLine = ({ number, hash, timestamp, now }: Snapshot): Html => html`
  <p>Indexed block <code title="${hash}">${count(Number(number))}</code>, ${duration(Number(now - timestamp))} old.</p>`

/** Where a list says how many rows are new, once a script finds some. */
export const newRows = html`<span class="news" role="status"><button type="button" class="quiet" data-offer hidden></button></span>`

/**
 * Links to the page before and after.
 * @param url of the page with this number. @param isWhole whether the pages have all of the list.
 */
export function pager(page: number, totalPages: number, url: (page: number) => string, isWhole = true): Html {
  if (totalPages <= 1 && page === 1) return html``
  return html`<nav class="pager" aria-label="Pages">
    ${page > 1 ? html`<a rel="prev" href="${url(Math.min(page - 1, Math.max(totalPages, 1)))}">Previous</a>` : ''}
    <span>Page ${count(page)} of ${isWhole ? '' : 'the first '}${count(totalPages)}</span>
    ${page < totalPages ? html`<a rel="next" href="${url(page + 1)}">Next</a>` : ''}
  </nav>`
}
