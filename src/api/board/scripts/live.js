// Keeps an open page at the latest indexed block: it polls the block, and replaces the parts of the page that are
// marked `data-live`. Without it the page is the same, of the block at which it was loaded.

import { updateList } from './liveList.js'

/** The least time between two polls. The answer comes from the server's cache, which the rate limit does not count. */
const POLL_MS = 2_000

let shown

const status = document.getElementById('live')
const words = { live: 'Live', reconnecting: 'Reconnecting', offline: 'Offline' }

/** Says whether the page follows the index. */
function show(state) {
  if (status.dataset.state === state) return
  status.dataset.state = state
  status.textContent = words[state]
}

/** A replaced element would lose the keyboard's focus, the reader's selection, or what was typed into it. */
function isUsed(part) {
  const fields = [...part.querySelectorAll('input, textarea')]
  const isTyped = fields.some(
    // The value of a checkbox is `on`, and its default is empty.
    ({ type, value, defaultValue, checked, defaultChecked }) =>
      type === 'checkbox' ? checked !== defaultChecked : value !== defaultValue,
  )
  const isActing = part.querySelector('[aria-busy="true"]') !== null
  const selection = getSelection()
  // A caret remains where a field had the focus.
  const isSelected = selection !== null && !selection.isCollapsed && selection.containsNode(part, true)
  return isTyped || isActing || isSelected || part.contains(document.activeElement)
}

async function refresh() {
  const latest = await fetch('/api/stats', { cache: 'no-cache' })
  if (!latest.ok) throw new Error(`The server answers with status ${latest.status}`)
  const block = latest.headers.get('X-Indexed-Hash')
  if (block === shown) return
  const response = await fetch(location.href)
  if (!response.ok) throw new Error(`The server answers with status ${response.status}`)
  // Behind a cache the page may be a second older than the block that was just named: then the next poll asks again.
  shown = response.headers.get('X-Indexed-Hash')
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  for (const part of document.querySelectorAll('[data-live]')) {
    const next = page.getElementById(part.id)
    if (!next || next.innerHTML === part.innerHTML) continue
    if (part.dataset.list !== undefined) updateList(part, next, isUsed(part))
    // What a reader has marked is of what the part was about.
    else if (!isUsed(part) || part.dataset.of !== next.dataset.of) part.replaceWith(next)
  }
  document.dispatchEvent(new Event('replaced'))
}

/** A failed poll is no error of the page: the page says so, and the next poll tries again. */
async function follow() {
  try {
    await refresh()
    show('live')
  } catch (error) {
    console.warn(error)
    show(navigator.onLine ? 'reconnecting' : 'offline')
  }
}

async function poll() {
  if (!document.hidden) await follow()
  setTimeout(poll, POLL_MS)
}

document.addEventListener('made', follow)
addEventListener('offline', () => show('offline'))
show(navigator.onLine ? 'live' : 'offline')
setTimeout(poll, POLL_MS)
