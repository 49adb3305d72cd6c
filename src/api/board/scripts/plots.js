// Shows the value of the bar under the pointer or the finger in the plot's caption.

let shown

function show(bar) {
  if (bar === shown) return
  shown?.classList.remove('shown')
  if (shown && shown.closest('.plot') !== bar?.closest('.plot')) restore(shown.closest('.plot'))
  shown = bar
  if (!bar) return
  bar.classList.add('shown')
  const summary = bar.closest('.plot').querySelector('[data-summary]')
  summary.dataset.summary ||= summary.textContent
  summary.textContent = bar.dataset.text
}

function restore(plot) {
  const summary = plot.querySelector('[data-summary]')
  summary.textContent = summary.dataset.summary
}

function follow({ clientX, clientY }) {
  // Not the event's target, which stays the same while a finger moves.
  show(document.elementFromPoint(clientX, clientY)?.closest('.plot g'))
}

document.addEventListener('pointerdown', follow)
document.addEventListener('pointermove', follow)
