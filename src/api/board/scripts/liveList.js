// Lists that stay where they are while they are read. Rows that changed are replaced and marked, rows that left the list
// are struck through, and what is new waits behind a button.

const MARKED_MS = 8_000

/** Until when each row is marked. */
const marks = new Map()

const rowsOf = (list) => new Map([...list.querySelectorAll('[data-row]')].map((row) => [row.dataset.row, row]))

function showMarks() {
  for (const row of document.querySelectorAll('[data-list] [data-row]')) {
    row.classList.toggle('changed', (marks.get(row.dataset.row) ?? 0) > Date.now())
  }
}

function mark(key) {
  marks.set(key, Date.now() + MARKED_MS)
  setTimeout(showMarks, MARKED_MS)
}

/** Ids grow, so a run that is new has a larger one than all that are shown. */
function countNew(shown, coming) {
  const ids = [...shown.keys()].map(BigInt)
  return [...coming.keys()].filter((key) => ids.every((id) => BigInt(key) > id)).length
}

function offer(list, next, news) {
  const button = list.querySelector('[data-offer]')
  const text = news === 0 ? 'Show the list as it is now' : `${news} new ${list.dataset.list}${news === 1 ? '' : 's'}`
  // A screen reader repeats what is written again.
  if (button.textContent !== text) button.textContent = text
  button.hidden = false
  button.onclick = () => {
    const shown = rowsOf(list)
    for (const key of rowsOf(next).keys()) if (!shown.has(key)) mark(key)
    list.replaceWith(next)
    next.querySelector('[tabindex]')?.focus()
    showMarks()
  }
}

/** Shows what has changed in the list. @param isUsed whether the reader uses a part of it, which must not be replaced. */
export function updateList(list, next, isUsed) {
  const shown = rowsOf(list)
  const coming = rowsOf(next)
  for (const [key, row] of shown) {
    const other = coming.get(key)
    if (other && other.dataset.version !== row.dataset.version) mark(key)
  }
  const isSame = shown.size === coming.size && [...shown.keys()].every((key) => coming.has(key))
  if ((isSame || shown.size === 0) && !isUsed) {
    list.replaceWith(next)
    return showMarks()
  }
  // It is of no version now: it is looked at again at each block.
  delete list.dataset.version
  for (const [key, row] of shown) {
    const other = coming.get(key)
    row.classList.toggle('gone', other === undefined)
    const hasFocus = row.contains(document.activeElement)
    if (other && other.innerHTML !== row.innerHTML && !hasFocus) row.replaceWith(other.cloneNode(true))
  }
  if (!isSame) offer(list, next, countNew(shown, coming))
  showMarks()
}
