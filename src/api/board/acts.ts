import { html } from 'hono/html'
import type { Html } from './values.ts'

/** An action that a page offers. */
export type Act = {
  /** Its name in the API's routes. */
  action: string
  name: string
  /** What it does, in numbers. */
  effect: Html | string
  /** What has happened once the chain has made it; `#` stands for the number of what was made. */
  done: string
  /** What the page asks before it asks the wallet, where a mistake costs money. */
  confirm?: string
  /** The accounts of which one signs; any if absent. */
  signers?: readonly string[]
  /** The accounts of which none signs. */
  others?: readonly string[]
  /** The members of its message that the page shows or knows. */
  shown?: Record<string, string | number>
  fields?: Html
  /** Where a request is sent that needs no signature. */
  path?: string
}

/** Copies what the account sends by itself, such as a multisig: act.js. */
export const copyButton = (name: string): Html =>
  html`<button class="quiet" data-calls aria-label="Copy as call: ${name}">Copy as call</button>`

/** No contract takes these, and no account needs to send what anyone may ask for. */
const hasCall = ({ action, path }: Act): boolean => path === undefined && action !== 'apply' && action !== 'withdraw'

/** The form of an action. It is hidden until a script finds that the account of the reader's wallet may use it. */
export function actForm(act: Act): Html {
  const { action, name, effect, done, confirm, signers, others, shown, fields, path } = act
  return html`
  <form class="act" data-action="${action}" data-done="${done}" aria-label="${name}"
    ${signers && html`data-signers="${[...new Set(signers)].join(' ')}" hidden`}
    ${others && html`data-others="${others.join(' ')}"`}
    ${shown && html`data-shown="${JSON.stringify(shown)}"`}
    ${confirm && html`data-confirm="${confirm}"`}
    ${path && html`data-path="${path}"`}>
    ${fields}
    <button>${name}</button>${hasCall(act) && copyButton(name)}
    <p class="effect">${effect}</p>
  </form>`
}

/** Actions, for readers with a wallet. Without a script nothing of it is shown. */
export const actsSection = (title: string, whose: string, acts: readonly Act[]): Html => html`
  <section class="acts needs-script" data-acts>
    <h2>${title}</h2>
    <p class="hint" data-connect>Connect ${whose} at the top of this page to sign, or name a multisig there. Signing costs no ether.</p>
    <p class="hint" data-no-part hidden>Your account has nothing to do here now.</p>
    ${acts.map(actForm)}
  </section>`

/** Where a page says how an action goes. It stays while parts of the page are replaced. */
export const progressLine = html`<p id="progress" role="status" tabindex="-1"></p>`
