// Buttons that copy a command, or a whole hash, of which the page shows the ends.

const SHOWN_MS = 1_500

for (const code of document.querySelectorAll('[data-server]')) {
  code.textContent = code.dataset.server.replace('{server}', location.origin)
  const button = code.closest('.command').querySelector('[data-copy]')
  button.dataset.copy = code.textContent
  button.setAttribute('aria-label', `Copy the command ${code.textContent}`)
}

document.addEventListener('click', async ({ target }) => {
  const button = target instanceof Element && target.closest('button[data-copy]')
  if (!button) return
  const label = button.textContent
  try {
    await navigator.clipboard.writeText(button.dataset.copy)
    button.textContent = 'Copied'
  } catch (error) {
    // The browser allows it on HTTPS and localhost only.
    console.warn(error)
    button.textContent = 'Not allowed here'
  }
  setTimeout(() => {
    button.textContent = label
  }, SHOWN_MS)
})
