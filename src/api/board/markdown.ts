import { html, raw } from 'hono/html'
import { LRUCache } from 'lru-cache'
import MarkdownIt, { type RendererRule, type Token } from 'markdown-it'
import { type Html, visibleLine, visibleLines } from './values.ts'

/** Quotes and lists within each other. What is deeper is left out: the time to read a line grows with its depth. */
const MAX_NESTING = 20

/** A hostile text takes a tenth of a second to read, so it is read once. In characters. */
const CACHED_CHARACTERS = 8_000_000

const linkedProtocols = new Set(['https:', 'http:', 'ipfs:'])

/**
 * CommonMark without HTML, and with every line break. Without references: a text of 32 kB could repeat a long URL until the
 * page has 20 MB.
 */
const parser = new MarkdownIt('commonmark', { html: false, breaks: true, maxNesting: MAX_NESTING }).disable('reference')

parser.validateLink = (url) => URL.canParse(url) && linkedProtocols.has(new URL(url).protocol)

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

const rules: Record<string, RendererRule> = {
  text: (tokens, place) => String(visibleLine(tokens[place]?.content ?? '')),
  code_inline: (tokens, place) => String(html`<code>${visibleLine(tokens[place]?.content ?? '')}</code>`),
  code_block: (tokens, place) => String(html`<pre><code>${visibleLines(tokens[place]?.content ?? '')}</code></pre>`),
  // The headings of the page are not those of the text, whose levels may be any.
  heading_open: () => '<p class="heading">',
  heading_close: () => '</p>',
  link_open: (tokens, place) => String(html`<a href="${urlOf(tokens[place], 'href')}" rel="${REL}">`),
  link_close(tokens, place) {
    const link = linkAround(tokens, place)
    // The text of such a link is its URL.
    if (link?.markup === 'autolink') return '</a>'
    return String(html` <span class="hint">${visibleLine(placeOf(urlOf(link, 'href')))}</span></a>`)
  },
  // A link, because loading an image sends the reader’s address to another host.
  image(tokens, place, options, env, renderer) {
    const image = tokens[place]
    const name = visibleLine(renderer.renderInlineAsText(image?.children ?? [], options, env))
    if (linkAround(tokens, place)) return String(name)
    const url = urlOf(image, 'src')
    return String(
      html`<a href="${url}" rel="${REL}">${name} <span class="hint">image, ${visibleLine(placeOf(url))}</span></a>`,
    )
  },
}

Object.assign(parser.renderer.rules, rules, { fence: rules.code_block })

const rendered = new LRUCache<string, string>({
  maxSize: CACHED_CHARACTERS,
  // At least 1, which the cache demands.
  sizeCalculation: (page, text) => page.length + text.length + 1,
})

const framed = (page: string): Html => html`<div class="markdown">${raw(page)}</div>`

/** Markdown that an account wrote. Nothing of it is loaded or run, and links name their host. */
export function markdown(text: string): Html {
  const known = rendered.get(text)
  const page = known ?? parser.render(text)
  if (known === undefined) rendered.set(text, page)
  return framed(page)
}

/** As `markdown`, of a text that is still being written: kept, its versions would drop those that are read. */
export const markdownDraft = (text: string): Html => framed(parser.render(text))
