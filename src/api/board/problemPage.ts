import { html } from 'hono/html'
import type { Problem } from '../http/errors.ts'
import { problemTypes } from '../http/errors.ts'
import { renderPage } from './page.ts'
import { chainText, type Html } from './values.ts'

/** The page of a request that is refused. The detail may repeat the client's own text, which is shown as such. */
export function problemPage({ code, status, message }: Problem): Html {
  const { title } = problemTypes[code]
  const advice = status === 503 ? 'Load the page again in a moment.' : html`See <a href="/">the open runs</a>.`
  return renderPage({
    title,
    content: html`<h1>${title}</h1><p class="lead">${chainText(message)}</p><p>${advice}</p>`,
  })
}
