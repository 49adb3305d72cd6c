// Buttons that copy a whole hash, of which the page shows the ends.

const SHOWN_MS = 1_500

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
