// What the fields of an action's form ask for, as members of its message.
import { storeText } from './api.js'
import { parseUsdc } from './usdc.js'

const CONTENT_URI = /^ipfs:\/\/\S+$/
const HOUR_SECONDS = 3_600
const DAY_SECONDS = 86_400
const NO_EVALUATOR = `0x${'0'.repeat(40)}`

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

/** The terms of a run. @param now in seconds. @throws FieldError */
export function termsOf(form, now) {
  const evaluator = typedIn(form, 'evaluator')
  if (evaluator !== '' && !/^0x[0-9a-fA-F]{40}$/.test(evaluator)) {
    throw new FieldError('evaluator', 'Enter an address of 0x and 40 hexadecimal digits, or nothing.')
  }
  return {
    reward: amountOf(form, 'reward'),
    deadline: String(now + numberOf(form, 'openDays', 1, 365) * DAY_SECONDS),
    workPeriod: String(numberOf(form, 'workHours', 1, 720) * HOUR_SECONDS),
    stakePercent: String(typedIn(form, 'stakePercent') === '' ? 0 : numberOf(form, 'stakePercent', 1, 100)),
    evaluator: evaluator === '' ? NO_EVALUATOR : evaluator.toLowerCase(),
  }
}
