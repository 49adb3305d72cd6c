// The forms of actions: who may use them, and what happens when one is sent. Everything is signed with what this page
// built; nothing is signed that differs from what the reader asked for.
import { accountMessage, accountQuery } from './accountMessages.js'
import { agentOf, followAction, getMessage, send } from './api.js'
import { askedBy } from './asked.js'
import { fieldOf } from './fields.js'
import { follow } from './live.js'
import { dropRequest, keepRequest, pendingRequest } from './pending.js'
import { focusProgress, newSpeaker, showProgressBelow } from './progress.js'
import { isRunAction, runMessage, runQuery } from './runMessages.js'
import { currentAccount, isOnWrongChain, reconnected, sign, WalletError } from './wallet.js'

let isBusy = false

/** The signed request of the form. @throws if a field, the wallet or the API prevents it. */
async function signedRequest(form, say) {
  const { action, path, done } = form.dataset
  if (path !== undefined)
    return {
      action,
      done,
      path: path.replace('{account}', () => encodeURIComponent(form.elements.account.value.trim())),
    }
  await reconnected()
  const account = currentAccount()
  if (account === undefined) throw new WalletError('Connect a wallet first.')
  if (isOnWrongChain()) throw new WalletError('Your wallet is on another chain. Switch it first.')
  const known = await askedBy(form, account, say)
  say('Asking for the message to sign.')
  const ofRun = isRunAction(action)
  const query = ofRun ? runQuery(action, known, account) : accountQuery(action, known)
  const { typedData: got, path: target, body } = await getMessage(action, query, say)
  const own = ofRun ? runMessage(action, known, account, got) : accountMessage(action, known, got)
  say('Sign the message in your wallet. It costs no ether.')
  const signature = await sign(own, account)
  const method = action === 'withdraw' ? 'DELETE' : 'POST'
  return { action, done, path: target, method, body: { ...body, signature } }
}

/** What was made, in words, and where the reader finds it. */
function resultOf({ action, done }, { bountyId, agentId }) {
  if (action === 'post')
    return { words: done.replace('#', bountyId), link: { href: `/runs/${bountyId}`, text: `See run ${bountyId}.` } }
  if (action === 'register')
    return { words: done.replace('#', agentId), link: { href: `/agents/${agentId}`, text: `See agent ${agentId}.` } }
  return { words: done }
}

/** Empties the forms of what is made, also where an earlier load of the page has sent it. */
function empty(action) {
  const forms = [...document.querySelectorAll(`form[data-action="${action}"]`)]
  for (const form of forms) form.reset()
  forms[0]?.dispatchEvent(new Event('made', { bubbles: true }))
}

/** Sends the request, and says what becomes of it. @param made called once the chain has made it. */
async function make(request, say, made) {
  keepRequest(request)
  say('Sending.')
  /** Undefined until the chain has made it. */
  let result
  const done = (subject) => {
    if (result) return
    dropRequest(false)
    result = resultOf(request, subject)
    made()
    empty(request.action)
  }
  try {
    const answer = await send(request, say)
    if (answer.success) done({ bountyId: answer.run?.bountyId, agentId: answer.agent?.id })
    const id = answer.actionId ?? answer.claimId
    // An application is made with its answer: no contract takes it.
    if (id === undefined) return say(result.words, 'good')
    const report = (text) => (result ? say(`${result.words} ${text}`, 'good', result.link) : say(text))
    await followAction(id, report, done)
  } catch (error) {
    if (result) return say(`${result.words} Whether it is final is not known: ${error.message}`, 'good', result.link)
    // An undecided request is kept, and the page sends it again when it is loaded.
    if (error.retrySeconds === undefined) dropRequest(true)
    throw error
  }
}

/** Does one action at a time: the line says how it goes. @param work gets what to call once another one may begin. */
async function exclusively(work) {
  if (isBusy) return
  isBusy = true
  const say = newSpeaker()
  let isReleased = false
  const release = () => {
    if (isReleased) return
    isReleased = true
    isBusy = false
  }
  try {
    await work(say, release)
  } catch (error) {
    say(error.message, 'bad')
  } finally {
    release()
  }
}

const submit = (form) =>
  exclusively(async (say, release) => {
    const undecided = pendingRequest()
    // It was signed before, and is sent again, so that no second one is signed for the same.
    if (undecided) return make(undecided, say, release)
    showProgressBelow(form)
    // Its part of the page stays until then.
    form.setAttribute('aria-busy', 'true')
    try {
      await follow()
      const { later } = form.closest('[data-later]')?.dataset ?? {}
      if (later !== undefined) throw new Error(`${later} Nothing was signed. Look at it first.`)
      // Asked before the wallet asks, which shows no amounts.
      if (form.dataset.confirm !== undefined && !confirm(form.dataset.confirm)) return say('Nothing was signed.')
      const request = await signedRequest(form, say)
      await make(request, say, () => {
        release()
        form.removeAttribute('aria-busy')
        focusProgress()
      })
    } catch (error) {
      showRefused(fieldOf(form, error.field))
      throw error
    } finally {
      form.removeAttribute('aria-busy')
    }
  })

/** Moves the focus to the field that is to be corrected, if there is one. */
function showRefused(field) {
  if (!field) return
  field.setAttribute('aria-invalid', 'true')
  field.setAttribute('aria-describedby', 'progress')
  field.addEventListener('input', () => field.removeAttribute('aria-invalid'), { once: true })
  field.focus()
}

/** Shows the forms that the account may use, and says what is missing. */
function showForms() {
  const account = currentAccount()
  for (const form of document.querySelectorAll('form[data-action]')) {
    const { signers, others } = form.dataset
    const isOf = (accounts) => account !== undefined && accounts.toLowerCase().split(' ').includes(account)
    form.hidden = (signers !== undefined && !isOf(signers)) || (others !== undefined && isOf(others))
  }
  for (const section of document.querySelectorAll('[data-acts]')) {
    const hasForm = section.querySelector('form[data-action]:not([hidden])') !== null
    section.querySelector('[data-connect]').hidden = account !== undefined
    section.querySelector('[data-no-part]').hidden = account === undefined || hasForm
  }
}

/** The agent of the account that was asked for last: its form is replaced with each block. */
let known = {}

/** Fills in the number of the account's first agent that may claim, where the reader has typed none. */
async function fillAgent() {
  const fields = [...document.querySelectorAll('input[name="agentId"]')].filter(({ value }) => value === '')
  const account = currentAccount()
  if (fields.length === 0 || account === undefined) return
  if (known.account !== account) known = { account, agent: await agentOf(account) }
  if (account !== currentAccount()) return
  const { agent } = known
  for (const field of fields) if (field.value === '' && agent) field.value = field.defaultValue = agent.id
}

document.addEventListener('submit', (event) => {
  const form = event.target
  if (form.dataset.action === undefined) return
  event.preventDefault()
  submit(form)
})
for (const change of ['wallet', 'replaced']) {
  document.addEventListener(change, showForms)
  // The reader can type the number.
  document.addEventListener(change, () => fillAgent().catch(console.warn))
}
showForms()

const pending = pendingRequest()
if (pending) exclusively((say, release) => make(pending, say, release))
