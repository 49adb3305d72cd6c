import { html } from 'hono/html'
import { type Problem, problemTypes } from '../http/errors.ts'
import { renderPage } from './page.ts'
import { briefLine, type Html } from './values.ts'

/** The parameters of a list as the page's URL has them. */
export type Given = Record<string, string>

/** The sort and the order of a list, by how a reader asks for them. */
const orders = {
  'createdAt desc': 'Newest first',
  'createdAt asc': 'Oldest first',
  'reward desc': 'Highest reward first',
  'reward asc': 'Lowest reward first',
  'deadline asc': 'Next deadline first',
  'deadline desc': 'Last deadline first',
}

/** Writes the form's one field for sort and order as the two that the API has. */
export function splitOrder({ by, ...given }: Given): Given {
  const [sort, order] = by?.split(' ') ?? []
  return sort !== undefined && order !== undefined ? { ...given, sort, order } : given
}

/** Those that come from links, and remain in a search. */
export const withoutField = ['tag', 'poster', 'evaluator', 'claimedBy', 'claimant', 'claimable'] as const

const option = (value: string, name: string, chosen: string | undefined): Html =>
  html`<option value="${value}" ${value === chosen ? html`selected` : ''}>${name}</option>`

/** Search and filters, with what is given. @param refused the field that has to be corrected, which gets the focus. */
export function searchForm(given: Given, refused?: string): Html {
  const chosen = `${given.sort ?? 'createdAt'} ${given.order ?? 'desc'}`
  const field = (name: string) => html`name="${name}" value="${given[name] ?? ''}"
    ${name === refused ? html`aria-invalid="true" aria-describedby="refusal" autofocus` : ''}`
  return html`
    <form method="get" action="/" role="search" aria-label="Search and filters">
      <label class="grow">Search
        <input type="search" id="search" maxlength="200" placeholder="Words, a run’s number, or an address" ${field('q')}>
      </label>
      <label>At least, USDC
        <input inputmode="decimal" pattern="[0-9]+([.][0-9]{1,6})?" ${field('minReward')}>
      </label>
      <label>Order
        <select name="by">${Object.entries(orders).map(([value, name]) => option(value, name, chosen))}</select>
      </label>
      <input type="hidden" name="state" value="${given.state ?? 'OPEN'}">
      ${withoutField
        .filter((name) => given[name] !== undefined && name !== refused)
        .map((name) => html`<input type="hidden" name="${name}" value="${given[name]}">`)}
      <button>Show</button>
    </form>`
}

/** The page of a search that is refused. The form keeps what was typed. */
export function refusedSearchPage({ code, message, extensions }: Problem, given: Given): Html {
  const title = code === 'VALIDATION_FAILED' ? 'This search cannot be made' : problemTypes[code].title
  const refused = String(extensions.field)
  const { state, ...others } = given
  const kept = state === undefined || refused === 'state' ? others : given
  const content = html`
    <h1>${title}</h1>
    <p class="lead" id="refusal">${briefLine(message)}</p>
    ${searchForm(kept, refused)}
    <p>See <a href="/">the open runs</a>.</p>`
  return renderPage({ title, section: '/', content })
}
