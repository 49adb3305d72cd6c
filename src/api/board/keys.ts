import { html } from 'hono/html'
import type { Html } from './values.ts'

/** The keys of keys.js. */
const keys = [
  { key: '/', does: 'Search' },
  { key: 'j', does: 'The next row of a list; Enter opens it' },
  { key: 'k', does: 'The row before' },
  { key: 'n', does: 'The next page of a list' },
  { key: 'p', does: 'The page before' },
  { key: '?', does: 'These keys' },
]

/** A button, shown by the script, and the dialog that it opens. */
export const keysHelp: Html = html`
  <button type="button" class="quiet" id="keys-button" hidden>Keyboard</button>
  <dialog id="keys" aria-labelledby="keys-title">
    <h2 id="keys-title">Keyboard</h2>
    <dl>${keys.map(({ key, does }) => html`<div><dt><kbd>${key}</kbd></dt><dd>${does}</dd></div>`)}</dl>
    <p><label class="check"><input type="checkbox" id="keys-on" checked> Use these keys</label></p>
    <form method="dialog"><button>Close</button></form>
  </dialog>`
