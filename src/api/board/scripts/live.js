// Keeps an open page at the latest indexed block: it polls the block, and replaces the parts of the page that are
// marked `data-live`. Without it the page is the same, of the block at which it was loaded.

import { element } from './element.js'
import { updateList } from './liveList.js'

/** The least time between two polls. The answer comes from the server's cache, which the rate limit does not count. */
const POLL_MS = 2_000
/** A server that does not answer delays the next poll, and an action, by as much. */
const TIMEOUT_MS = 10_000

let shown

const status = document.getElementById('live')
const words = { live: 'Live', reconnecting: 'Reconnecting', offline: 'Offline' }

/** Says whether the page follows the index. */
function show(state) {
  if (status.dataset.state === state) return
  status.dataset.state = state
  status.textContent = words[state]
}

/** A replaced element would lose the keyboard's focus or the reader's selection. What was typed is a draft, and is put back. */
function isUsed(part) {
  const isActing = part.querySelector('[aria-busy="true"]') !== null
  const selection = getSelection()
  // A caret remains where a field had the focus.
  const isSelected = selection !== null && !selection.isCollapsed && selection.containsNode(part, true)
  return isActing || isSelected || part.contains(document.activeElement)
}

/** Says in a part that stays what has come. act.js signs nothing of a part that says so. */
function offer(part, next) {
  const place = part.querySelector('.later')
  if (part.dataset.later !== next.dataset.news) {
    part.dataset.later = next.dataset.news
    const button = element('button', { type: 'button', className: 'quiet', textContent: 'Show it' })
    place.replaceChildren(`${next.dataset.news} `, button)
  }
  place.lastChild.onclick = () => {
    part.replaceWith(next)
    next.scrollIntoView()
    replaced()
  }
}

/** After a reorg the part may be the latest again: nothing has come. */
function withdrawOffer(part) {
  if (part.dataset.later === undefined) return
  delete part.dataset.later
  part.querySelector('.later').replaceChildren()
}

const replaced = () => document.dispatchEvent(new Event('replaced'))

async function load(path, cache) {
  const response = await fetch(path, { cache, signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!response.ok) throw new Error(`The server answers with status ${response.status}`)
  return response
}

async function refresh() {
  const latest = await load('/api/stats', 'no-cache')
  if (latest.headers.get('X-Indexed-Hash') === shown) return
  const response = await load(location.href, 'default')
  // Behind a cache the page may be a second older than the block that was just named: then the next poll asks again.
  shown = response.headers.get('X-Indexed-Hash')
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  for (const part of document.querySelectorAll('[data-live]')) {
    const next = page.getElementById(part.id)
    if (!next) continue
    if (next.dataset.version === part.dataset.version) withdrawOffer(part)
    else if (part.dataset.list !== undefined) updateList(part, next, isUsed(part))
    else if (!isUsed(part)) part.replaceWith(next)
    else if (next.dataset.news !== undefined) offer(part, next)
  }
  replaced()
}

/** A failed poll is no error of the page: the page says so, and the next poll tries again. */
async function tryRefresh() {
  try {
    await refresh()
    show('live')
  } catch (error) {
    console.warn(error)
    show(navigator.onLine ? 'reconnecting' : 'offline')
  }
}

let last = Promise.resolve()

/** Brings the page to the latest block, after any refresh before: the older of two answers is never shown last. */
export function follow() {
  last = last.then(tryRefresh)
  return last
}

async function poll() {
  if (!document.hidden) await follow()
  setTimeout(poll, POLL_MS)
}

document.addEventListener('made', follow)
addEventListener('offline', () => show('offline'))
show(navigator.onLine ? 'live' : 'offline')
setTimeout(poll, POLL_MS)
