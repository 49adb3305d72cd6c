import { html, raw } from 'hono/html'
import MarkdownIt, { type Env, type RendererRule, type Token } from 'markdown-it'
import { type Escapes, type Html, newEscapes, visibleLine, visibleLines } from './values.ts'

/** Quotes and lists within each other. What is deeper is left out: the time to read a line grows with its depth. */
const MAX_NESTING = 20

/** A rendering that is longer is not shown: its text is. In characters. */
const MAX_RENDERED_CHARACTERS = 180_000

const linkedProtocols = new Set(['https:', 'http:', 'ipfs:'])

/**
 * CommonMark without HTML, and with every line break. Without references: a text of 32 kB could repeat a long URL until the
 * page has 20 MB.
 */
const parser = new MarkdownIt('commonmark', { html: false, breaks: true, maxNesting: MAX_NESTING }).disable('reference')

parser.validateLink = (url) => URL.canParse(url) && linkedProtocols.has(new URL(url).protocol)

/** The text of a link that is its own URL: with its host in Punycode, so that `аррӏе.com` does not look like another host. */
parser.normalizeLinkText = parser.normalizeLink

/** Where a link leads, whatever its text says. */
function placeOf(url: string): string {
  const { protocol, host } = new URL(url)
  return protocol === 'ipfs:' ? 'ipfs' : host
}

const REL = 'noreferrer nofollow ugc'

/** The link that the place is in, if any. Links have no links in them. */
function linkAround(tokens: readonly Token[], place: number): Token | undefined {
  for (let before = place - 1; before >= 0; before--) {
    const token = tokens[before]
    if (token?.type === 'link_close') return undefined
    if (token?.type === 'link_open') return token
  }
  return undefined
}

const urlOf = (token: Token | undefined, name: 'href' | 'src') => String(token?.attrGet(name) ?? '')

/** What the rules of one rendering share: `markdown` passes it to the parser. */
const escapesOf = (rendering: Env | undefined) => rendering?.escapes as Escapes

const rules: Record<string, RendererRule> = {
  text: (tokens, place, _, rendering) => String(visibleLine(tokens[place]?.content ?? '', escapesOf(rendering))),
  code_inline: (tokens, place, _, rendering) =>
    String(html`<code>${visibleLine(tokens[place]?.content ?? '', escapesOf(rendering))}</code>`),
  code_block: (tokens, place, _, rendering) =>
    String(html`<pre><code>${visibleLines(tokens[place]?.content ?? '', escapesOf(rendering))}</code></pre>`),
  // The headings of the page are not those of the text, whose levels may be any.
  heading_open: () => '<p class="heading">',
  heading_close: () => '</p>',
  link_open: (tokens, place) => String(html`<a href="${urlOf(tokens[place], 'href')}" rel="${REL}">`),
  link_close(tokens, place, _, rendering) {
    const link = linkAround(tokens, place)
    // The text of such a link is its URL.
    if (link?.markup === 'autolink') return '</a>'
    return String(
      html` <span class="hint">${visibleLine(placeOf(urlOf(link, 'href')), escapesOf(rendering))}</span></a>`,
    )
  },
  // A link, because loading an image sends the reader’s address to another host.
  image(tokens, place, options, rendering, renderer) {
    const image = tokens[place]
    const text = renderer.renderInlineAsText(image?.children ?? [], options, rendering)
    const name = visibleLine(text, escapesOf(rendering))
    if (linkAround(tokens, place)) return String(name)
    const url = urlOf(image, 'src')
    const host = visibleLine(placeOf(url), escapesOf(rendering))
    return String(html`<a href="${url}" rel="${REL}">${name} <span class="hint">image, ${host}</span></a>`)
  },
}

Object.assign(parser.renderer.rules, rules, { fence: rules.code_block })

/** Markdown that an account wrote. Nothing of it is loaded or run, and links name their host. */
export function markdown(text: string, escapes = newEscapes()): Html {
  const page = parser.render(text, { escapes })
  if (page.length > MAX_RENDERED_CHARACTERS) return html`<pre><code>${visibleLines(text, escapes)}</code></pre>`
  return html`<div class="markdown">${raw(page)}</div>`
}
