// The keys of the board, and the dialog that lists them. They can be turned off, for readers whose words become keys.

const OFF = 'runline.keysOff'

const dialog = document.getElementById('keys')
const isOn = document.getElementById('keys-on')

const click = (selector) => document.querySelector(selector)?.click()

function search() {
  const field = document.querySelector('input[name="q"]')
  if (!field) return location.assign('/#search')
  field.focus()
}

/** Moves the focus to the link of the next row, or of the one before. */
function moveFocus(step) {
  const links = [...document.querySelectorAll('[data-row]')].map((row) => row.querySelector('a'))
  const place = links.findIndex((link) => link.closest('[data-row]').contains(document.activeElement))
  links[Math.max(0, place + step)]?.focus()
}

const actions = {
  '?': () => dialog.showModal(),
  '/': search,
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  n: () => click('a[rel="next"]'),
  p: () => click('a[rel="prev"]'),
}

function isTyping(target) {
  // A dialog that has just closed has the focus until the page is drawn again.
  if (target.closest('dialog:not([open])')) return false
  return target.closest('input, textarea, select, dialog') !== null
}

document.addEventListener('keydown', (event) => {
  const { key, target, ctrlKey, altKey, metaKey } = event
  if (ctrlKey || altKey || metaKey || !isOn.checked || !Object.hasOwn(actions, key) || isTyping(target)) return
  event.preventDefault()
  actions[key]()
})

isOn.checked = localStorage.getItem(OFF) === null
isOn.addEventListener('change', () => {
  if (isOn.checked) localStorage.removeItem(OFF)
  else localStorage.setItem(OFF, 'true')
})

const button = document.getElementById('keys-button')
button.hidden = false
button.addEventListener('click', () => dialog.showModal())
