// Keeps what is typed into the forms of actions until it is sent: a reload loses nothing.

const keyOf = (form) => `runline.draft ${location.pathname} ${form.dataset.action}`

const fieldsOf = (form) => [...form.elements].filter(({ name }) => name !== '')

/** A list of options has no default value of its own. */
const defaultOf = (field) => field.defaultValue ?? field.querySelector('option[selected]')?.value

const isTyped = (field) => field.value !== defaultOf(field)

function keep(form) {
  const typed = fieldsOf(form).filter(isTyped)
  if (typed.length === 0) return localStorage.removeItem(keyOf(form))
  localStorage.setItem(keyOf(form), JSON.stringify(Object.fromEntries(typed.map(({ name, value }) => [name, value]))))
}

function restore(form) {
  const draft = JSON.parse(localStorage.getItem(keyOf(form)) ?? '{}')
  for (const field of fieldsOf(form)) if (!isTyped(field)) field.value = draft[field.name] ?? field.value
}

function restoreAll() {
  for (const form of document.querySelectorAll('form[data-action]')) restore(form)
}

document.addEventListener('input', ({ target }) => {
  if (target.form?.dataset.action !== undefined) keep(target.form)
})
document.addEventListener('made', ({ target }) => localStorage.removeItem(keyOf(target)))
document.addEventListener('replaced', restoreAll)
restoreAll()
