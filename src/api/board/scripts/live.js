// Keeps an open page at the latest indexed block: it polls the block, and replaces the parts of the page that are
// marked `data-live`. Without it the page is the same, of the block at which it was loaded.

/** The least time between two polls. The answer comes from the server's cache, which the rate limit does not count. */
const POLL_MS = 2_000

let shown

/** A replaced element would lose the keyboard's focus, the reader's selection, or what was typed into it. */
function isUsed(part) {
  const fields = [...part.querySelectorAll('input, textarea')]
  const isTyped = fields.some(({ value, defaultValue }) => value !== defaultValue)
  const isActing = part.querySelector('[aria-busy="true"]') !== null
  const selection = getSelection()
  // A caret remains where a field had the focus.
  const isSelected = selection !== null && !selection.isCollapsed && selection.containsNode(part, true)
  return isTyped || isActing || isSelected || part.contains(document.activeElement)
}

async function refresh() {
  const { headers } = await fetch('/api/stats', { cache: 'no-cache' })
  const block = headers.get('X-Indexed-Hash')
  if (block === null || block === shown) return
  const response = await fetch(location.href)
  if (!response.ok) return
  // Behind a cache the page may be a second older than the block that was just named: then the next poll asks again.
  shown = response.headers.get('X-Indexed-Hash')
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  for (const part of document.querySelectorAll('[data-live]')) {
    const next = page.getElementById(part.id)
    if (next && !isUsed(part) && next.innerHTML !== part.innerHTML) part.replaceWith(next)
  }
  document.dispatchEvent(new Event('replaced'))
}

async function poll() {
  // A failed poll is no error of the page: its block line gets old, and the next poll tries again.
  if (!document.hidden) await refresh().catch(console.warn)
  setTimeout(poll, POLL_MS)
}

document.addEventListener('made', () => refresh().catch(console.warn))
setTimeout(poll, POLL_MS)
