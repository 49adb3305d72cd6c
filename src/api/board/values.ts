import { html } from 'hono/html'
import { formatUnits } from 'viem'

/** Escaped HTML. */
export type Html = ReturnType<typeof html>

/** Characters without a glyph, or with an effect on others: controls, bidi marks, zero widths, line separators. */
const invisible = /([\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]+)/u

const invisibleInLines = /((?:(?![\n\t])[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}])+)/u

/**
 * How many runs of invisible characters a text names by their code points. A further run becomes one replacement character:
 * 32 kB of such characters made a page of 1.1 MB, which took 48 ms of the process's thread.
 */
const MAX_ESCAPES = 200

/** How many more runs the text names. The parts of a text share it. */
export type Escapes = { left: number }

export const newEscapes = (): Escapes => ({ left: MAX_ESCAPES })

const REPLACEMENT_CHARACTER = '\uFFFD'

/** How many code points of a run are named. */
const NAMED_OF_RUN = 3

const codePoint = (character: string) =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

/** Text that an account chose. It is isolated from its surroundings, and its invisible characters are shown. */
export const chainText = (text: string): Html => html`<bdi class="chain">${visibleLine(text)}</bdi>`

/** A line of a brief, in the same way, and in the font of the page. */
export const briefLine = (text: string, escapes?: Escapes): Html =>
  html`<bdi class="words">${visibleLine(text, escapes)}</bdi>`

/** Lines of a brief, as they are written. */
export const briefLines = (text: string, escapes?: Escapes): Html =>
  html`<div class="lines"><bdi class="words">${visibleLines(text, escapes)}</bdi></div>`

/** The text, escaped. Invisible characters are shown as their code points, as long as `escapes` lasts. */
export const visibleLine = (text: string, escapes = newEscapes()): Html => html`${shownParts(text, invisible, escapes)}`

/** The same with line breaks and tabs. */
export const visibleLines = (text: string, escapes = newEscapes()): Html =>
  html`${shownParts(text.replaceAll('\r\n', '\n'), invisibleInLines, escapes)}`

/** A line of a brief for the title of a page, which has no markup: without invisible characters, and cut. */
export const plainLine = (text: string): string =>
  [...text]
    .filter((character) => !invisible.test(character))
    .slice(0, MAX_PLAIN_CHARACTERS)
    .join('')

const MAX_PLAIN_CHARACTERS = 120

function shownParts(text: string, hidden: RegExp, escapes: Escapes) {
  // With a group in the pattern, `split` returns each run of invisible characters at an odd place.
  return text.split(hidden).map((part, place) => {
    if (place % 2 === 0) return part
    if (escapes.left === 0) return REPLACEMENT_CHARACTER
    escapes.left--
    return html`<span class="escape">${namesOf([...part])}</span>`
  })
}

function namesOf(characters: readonly string[]): string {
  const named = characters.slice(0, NAMED_OF_RUN).map(codePoint).join(' ')
  const rest = characters.length - NAMED_OF_RUN
  return rest > 0 ? `${named} and ${count(rest)} more` : named
}

/** An IPFS URI of a whole CID, of version 0 or in base32 of version 1. */
const ipfsUri = /^ipfs:\/\/(Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{58})$/

/** The URI of what may be stored here: a CID of version 1, raw, with sha2-256. */
const storableUri = /^ipfs:\/\/(bafkrei[a-z2-7]{52})$/

/** An IPFS hash that an account chose. Only a well-formed one becomes a link, and one that may be stored here a second. */
export function contentLink(text: string): Html {
  if (!ipfsUri.test(text)) return chainText(text)
  const [, cid] = storableUri.exec(text) ?? []
  const here = cid === undefined ? '' : html` <a href="/ipfs/${cid}">Read it here</a>`
  return html`<a class="chain" href="${text}" rel="noreferrer">${text}</a>${here}`
}

/** The ends of a CID, for a name; undefined of a text that is no such URI. */
export function shortCid(text: string): string | undefined {
  const [, cid] = ipfsUri.exec(text) ?? []
  return cid && `${cid.slice(0, 4)}…${cid.slice(-4)}`
}

/** An amount such as 1,234 or 1,234.50: whole, or with at least two decimals. @param baseUnits of USDC. */
export function usdc(baseUnits: bigint | string): string {
  const [whole = '0', decimals] = formatUnits(BigInt(baseUnits), 6).split('.')
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')
  return decimals === undefined ? grouped : `${grouped}.${decimals.padEnd(2, '0')}`
}

export const amount = (baseUnits: bigint | string): Html =>
  html`<span class="number">${usdc(baseUnits)}</span> <span class="unit">USDC</span>`

/** For a headline: without the cents from 100 USDC on. */
export const roughAmount = (baseUnits: bigint): Html =>
  amount(baseUnits < 100_000_000n ? baseUnits : baseUnits - (baseUnits % 1_000_000n))

export const count = (value: number): string => value.toLocaleString('en')

/** The hash or address with its middle left out, and whole as a tooltip. */
export const shortHex = (hex: string): Html => html`<code title="${hex}">${hex.slice(0, 6)}…${hex.slice(-4)}</code>`

/** The same, with a button that copies it whole. */
export const hashWithCopy = (hex: string): Html =>
  html`${shortHex(hex)} <button type="button" class="copy needs-script" data-copy="${hex}" aria-label="Copy ${hex.slice(0, 10)}…">Copy</button>`

/** An id, which may have 78 digits. */
export function shortId(id: number | string): Html {
  const digits = String(id)
  return digits.length <= 16
    ? html`${digits}`
    : html`<span title="${digits}">${digits.slice(0, 8)}…${digits.slice(-4)}</span>`
}

/** @param name from the agent's registration file, if it is known. */
export const agentLink = (id: number | string, name?: string | null): Html =>
  name
    ? html`<a href="/agents/${id}">${briefLine(name)}</a> <span class="hint">Agent ${shortId(id)}</span>`
    : html`<a href="/agents/${id}">Agent ${shortId(id)}</a>`

export const accountLink = (address: string): Html => html`<a href="/accounts/${address}">${shortHex(address)}</a>`

/** The units of durations, the largest first. A second is the least. */
export const UNITS = [
  { name: 'day', seconds: 86_400 },
  { name: 'hour', seconds: 3_600 },
  { name: 'minute', seconds: 60 },
]

/** A duration in its largest unit, such as "3 days". */
export function duration(seconds: number): string {
  const unit = UNITS.find((each) => seconds >= each.seconds) ?? { name: 'second', seconds: 1 }
  return inUnit(Math.floor(seconds / unit.seconds), unit.name)
}

/** Such as "1 day" or "2 days". */
export const inUnit = (value: number, name: string) => `${value} ${name}${value === 1 ? '' : 's'}`

/** A duration in its two largest units, such as "6 days 3 hours". */
export function exactDuration(seconds: number): string {
  const unit = UNITS.find((each) => seconds >= each.seconds)
  if (unit === undefined) return duration(seconds)
  const rest = seconds % unit.seconds
  // A rest of seconds beside hours, or of minutes beside days, says nothing.
  return rest < unit.seconds / 60 ? duration(seconds) : `${duration(seconds)} ${duration(rest)}`
}

/** Times are read soon after they are set: thirty days less some minutes are thirty days. */
const almost = (seconds: number) => {
  const unit = UNITS.find((each) => seconds >= each.seconds * NEARLY)
  return unit ? inUnit(Math.floor(seconds / unit.seconds + 1 - NEARLY), unit.name) : duration(seconds)
}

const NEARLY = 23 / 24

/** Such as "2024-01-20 12:00 UTC". @param time ISO 8601. */
export const utc = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`

/** A time relative to now, and as a date as a tooltip. @param time ISO 8601. @param now Seconds since 1970. */
export function relativeTime(time: string, now: bigint): Html {
  const seconds = Math.floor(Date.parse(time) / 1_000) - Number(now)
  const words = seconds > 0 ? `in ${almost(seconds)}` : `${almost(-seconds)} ago`
  return html`<time datetime="${time}" title="${utc(time)}">${words}</time>`
}

/** REVISION_REQUESTED becomes "Revision requested". */
export function words(name: string): string {
  const text = name.toLowerCase().replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The class of a state of a run or a status of an agent in style.css. */
export const classOf = (name: string): string => name.toLowerCase().replaceAll('_', '-')

export const badge = (name: string): Html => html`<span class="badge ${classOf(name)}">${words(name)}</span>`
