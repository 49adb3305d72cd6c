// What the fields of an action's form ask for, as members of its message.
import { storeText } from './api.js'
import { parseUsdc } from './usdc.js'

const CONTENT_URI = /^ipfs:\/\/\S+$/
const TAG = /^[a-z0-9][a-z0-9+.#-]{0,31}$/
const MAX_TAGS = 10
const MAX_CONDITIONS = 50
const MOST_OPEN_SECONDS = 365 * 86_400
const MOST_WORK_SECONDS = 30 * 86_400
const NO_ADDRESS = `0x${'0'.repeat(40)}`

/** The fields that members of requests are made of, where their names differ. */
const fieldNames = {
  deadline: 'openFor',
  workPeriod: 'workFor',
  ipfsHash: 'title',
  agentURI: 'name',
  deliverableHash: 'text',
  feedbackHash: 'text',
}

/** The field of the member that the API or the form refuses; undefined if it has none. */
export const fieldOf = (form, member) => form.elements[fieldNames[member] ?? member]

/** A field that cannot be used, in words. */
export class FieldError extends Error {
  constructor(field, message) {
    super(message)
    this.field = field
  }
}

const typedIn = (form, name) => form.elements[name]?.value.trim() ?? ''

/** @throws FieldError if the field has no amount. */
export function amountOf(form, name) {
  const amount = parseUsdc(typedIn(form, name))
  if (amount === undefined || amount === 0n)
    throw new FieldError(name, 'Enter an amount of USDC, such as 100 or 12.50.')
  return String(amount)
}

/** The URI in the field, or that of the text, which it stores. */
export async function contentOf(form, name, say) {
  const text = typedIn(form, name)
  if (text === '') throw new FieldError(name, 'Write a text, or enter an ipfs:// URI.')
  if (CONTENT_URI.test(text)) return text
  say('Storing the text.')
  // What is encrypted has no Markdown.
  const type = text.startsWith('-----BEGIN ') ? 'text/plain' : 'text/markdown'
  const { uri } = await storeText(text, type, say)
  return uri
}

const lines = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** @throws FieldError if the API would not take the text as a brief. */
export function checkBrief({ title, acceptance = [], tags = [] }) {
  if (!title) throw new FieldError('title', 'Enter a title.')
  if (acceptance.length > MAX_CONDITIONS)
    throw new FieldError('acceptance', `Write at most ${MAX_CONDITIONS} conditions, not ${acceptance.length}.`)
  if (tags.length > MAX_TAGS) throw new FieldError('tags', `Enter at most ${MAX_TAGS} tags, not ${tags.length}.`)
  const refused = tags.find((tag) => !TAG.test(tag))
  if (refused) throw new FieldError('tags', `A tag has at most 32 of a-z, 0-9, +, ., # and -, not "${refused}".`)
}

/** The brief of the form, without members that are empty. */
export function briefOf(form) {
  const acceptance = lines(typedIn(form, 'acceptance'))
  const tags = typedIn(form, 'tags')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((tag) => tag !== '')
  const members = {
    title: typedIn(form, 'title'),
    summary: typedIn(form, 'summary'),
    description: typedIn(form, 'description'),
    acceptance: acceptance.length > 0 ? acceptance : '',
    tags: tags.length > 0 ? tags : '',
  }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== ''))
}

function numberOf(form, name, least, most) {
  const value = Number(typedIn(form, name))
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new FieldError(name, `Enter a whole number from ${least} to ${most}.`)
}

/** The seconds of a number of days or hours, from an hour on. */
function secondsOf(form, name, most) {
  const unit = Number(form.elements[`${name}Unit`].value)
  return numberOf(form, name, 1, most / unit) * unit
}

/** The address of the field, or zero where it is empty. */
export function addressOf(form, name) {
  const address = typedIn(form, name)
  if (address === '') return NO_ADDRESS
  if (/^0x[0-9a-fA-F]{40}$/.test(address)) return address.toLowerCase()
  throw new FieldError(name, 'Enter an address of 0x and 40 hexadecimal digits, or nothing.')
}

/** Who may claim. The poster stands for no wallet yet: it names one of those that apply. */
function claimantOf(form, poster) {
  const claimant = addressOf(form, 'claimant')
  if (typedIn(form, 'worker') === 'first') return claimant
  if (claimant === NO_ADDRESS) return poster
  throw new FieldError('claimant', 'Leave this empty where you choose among those that apply.')
}

/** The terms of a run. @param now in seconds. @throws FieldError */
export function termsOf(form, now, poster) {
  return {
    reward: amountOf(form, 'reward'),
    deadline: String(now + secondsOf(form, 'openFor', MOST_OPEN_SECONDS)),
    workPeriod: String(secondsOf(form, 'workFor', MOST_WORK_SECONDS)),
    stakePercent: String(typedIn(form, 'stakePercent') === '' ? 0 : numberOf(form, 'stakePercent', 1, 100)),
    evaluator: addressOf(form, 'evaluator'),
    claimant: claimantOf(form, poster),
  }
}
