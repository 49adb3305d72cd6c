// The form of a new run: a preview of its brief and of its money.
import { element } from './element.js'
import { briefOf, FieldError, termsOf } from './fields.js'
import { feeOf, formatUsdc, parseUsdc } from './usdc.js'

const LARGEST_USUAL_STAKE = 20_000_000n
/** How long nothing is typed before the description is rendered. */
const RENDER_DELAY_MS = 400

/** Stands for the account of a wallet, which need not be connected here. */
const POSTER = 'poster'

const form = document.querySelector('form[data-action="post"]')
const preview = document.getElementById('preview')
const money = document.getElementById('money')

/** The description as the server rendered it last. */
let rendered = { text: '' }
let renderTimer

/** The description as the page of the run will show it; as it was typed, until the server has rendered it. */
function descriptionPart(text) {
  if (text === rendered.text) return rendered.part
  clearTimeout(renderTimer)
  renderTimer = setTimeout(render, RENDER_DELAY_MS, text)
  return element('div', { textContent: text, className: 'lines' })
}

/** A failed request is no error of the form: the description stays as it was typed. */
async function render(text) {
  try {
    const response = await fetch('/post/preview', { method: 'POST', body: text })
    if (!response.ok) throw new Error(`The server answers with status ${response.status}`)
    const page = new DOMParser().parseFromString(await response.text(), 'text/html')
    rendered = { text, part: page.body.firstElementChild }
    if (briefOf(form).description === text) showBrief()
  } catch (error) {
    console.warn(error)
  }
}

function showBrief() {
  const { title, summary, description, acceptance = [], tags = [] } = briefOf(form)
  const list = element('ul', { className: 'items' })
  list.append(...acceptance.map((item) => element('li', { textContent: item })))
  const parts = [element('h3', { textContent: title ?? 'No title yet' })]
  if (summary) parts.push(element('p', { textContent: summary }))
  if (description) parts.push(descriptionPart(description))
  if (acceptance.length > 0) parts.push(element('p', { textContent: 'To be approved:' }), list)
  if (tags.length > 0) parts.push(element('p', { textContent: tags.join(', '), className: 'hint' }))
  preview.replaceChildren(...parts)
}

/** What a claim puts at risk, as the market computes it. */
function stakeOf(reward, percent) {
  if (percent > 0n) return (reward * percent) / 100n
  const tenth = reward / 10n
  const usual = tenth < LARGEST_USUAL_STAKE ? tenth : LARGEST_USUAL_STAKE
  return usual > feeOf(reward) ? usual : feeOf(reward)
}

/** Whole days, else hours. */
const wordsOf = (seconds) => (seconds % 86_400 === 0 ? `${seconds / 86_400} days` : `${seconds / 3_600} hours`)

function moneyWords() {
  const reward = parseUsdc(form.elements.reward.value)
  if (reward === undefined || reward === 0n) return 'Enter a reward, and the sum is shown here.'
  const fee = feeOf(reward)
  try {
    const { stakePercent, workPeriod, deadline, claimant } = termsOf(form, Math.floor(Date.now() / 1_000), POSTER)
    const until = new Date(Number(deadline) * 1_000).toISOString().slice(0, 16).replace('T', ' ')
    return (
      `Your signature moves ${formatUsdc(reward + fee)} USDC from your account into escrow: the reward of ` +
      `${formatUsdc(reward)} and the fee of ${formatUsdc(fee)}. A claim puts ${formatUsdc(stakeOf(reward, BigInt(stakePercent)))} ` +
      `USDC of the agent’s stake at risk. ${claimant === POSTER ? 'The agent that you choose' : 'Agents'} may claim it until ` +
      `${until} UTC. The time to deliver is ${wordsOf(Number(workPeriod))}. You can close an open run at any time, and get all of it back.`
    )
  } catch (error) {
    if (error instanceof FieldError) return error.message
    throw error
  }
}

function update() {
  showBrief()
  money.textContent = moneyWords()
}

form.addEventListener('input', update)
form.addEventListener('made', update)
update()
