// The forms of actions: who may use them, and what happens when one is sent. Everything is signed with what this page
// built; nothing is signed that differs from what the reader asked for.
import { accountMessage, accountQuery } from './accountMessages.js'
import { agentOf, followAction, getMessage, send } from './api.js'
import { askedBy } from './asked.js'
import { callsOf } from './calls.js'
import { fieldOf } from './fields.js'
import { follow } from './live.js'
import { market } from './market.js'
import { dropRequest, keepRequest, pendingRequest } from './pending.js'
import { copyText, focusProgress, newSpeaker, showProgressBelow } from './progress.js'
import { isRunAction, runMessage, runQuery } from './runMessages.js'
import { currentAccount, isNamed, isOnWrongChain, reconnected, sign, WalletError } from './wallet.js'

let isBusy = false

/** What the form asks of the account, and the API's answer. @throws if a field, the wallet or the API prevents it. */
async function askedMessage(form, say) {
  const { action } = form.dataset
  await reconnected()
  const account = currentAccount()
  if (account === undefined) throw new WalletError('Connect a wallet first, or name a multisig.')
  if (isOnWrongChain()) throw new WalletError('Your wallet is on another chain. Switch it first.')
  const known = await askedBy(form, account, say)
  say('Asking for the message to sign.')
  const ofRun = isRunAction(action)
  const query = ofRun ? runQuery(action, known, account) : accountQuery(action, known)
  const { typedData: got, ...answer } = await getMessage(action, query, say)
  const own = ofRun ? runMessage(action, known, account, got) : accountMessage(action, known, got)
  return { account, known, own, ...answer }
}

/** Copies what the account sends itself, in place of a signature. @throws as `askedMessage`. */
async function copyCalls(form, say) {
  const { action, account, known, calls: got } = await askedMessage(form, say)
  const calls = callsOf(action, known, got)
  const isCopied = await copyText(JSON.stringify(calls, undefined, 2))
  const count = calls.length === 1 ? '1 call' : `${calls.length} calls`
  say(
    `${isCopied ? `Copied: ${count}` : `Copy from below: ${count}`}, to be sent by ${account} on chain ${market.chainId}, in this order: ` +
      'with wallet_sendCalls (EIP-5792), or by to and data of each in the transaction builder of a Safe. ' +
      'A call does not expire: look at this page again before it is sent.',
    'good',
  )
}

/** The signed request of the form. @throws as `askedMessage`. */
async function signedRequest(form, say) {
  const { path, done } = form.dataset
  if (path !== undefined)
    return {
      action: form.dataset.action,
      done,
      path: path.replace('{account}', () => encodeURIComponent(form.elements.account.value.trim())),
    }
  const { action, account, own, path: target, body } = await askedMessage(form, say)
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

/** @param isCall whether the reader copies what the account sends. */
const submit = (form, isCall) =>
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
      if (isCall) return await copyCalls(form, say)
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
    const { signers, others, path } = form.dataset
    const isOf = (accounts) => account !== undefined && accounts.toLowerCase().split(' ').includes(account)
    // What needs no signature anyone may do.
    form.querySelector('button').disabled = isNamed() && path === undefined
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
  submit(form, event.submitter?.dataset.calls !== undefined)
})
for (const change of ['wallet', 'replaced']) {
  document.addEventListener(change, showForms)
  // The reader can type the number.
  document.addEventListener(change, () => fillAgent().catch(console.warn))
}
showForms()

const pending = pendingRequest()
if (pending) exclusively((say, release) => make(pending, say, release))
