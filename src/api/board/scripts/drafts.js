// Keeps what is typed into the forms of actions until it is signed: a reload loses nothing.

const keyOf = (action) => `runline.draft ${location.pathname} ${action}`

const fieldsOf = (form) => [...form.elements].filter(({ name }) => name !== '')

/** A list of options has no default value of its own. */
const defaultOf = (field) => field.defaultValue ?? field.querySelector('option[selected]')?.value

const isTyped = (field) => field.value !== defaultOf(field)

function keep(form) {
  const typed = fieldsOf(form).filter(isTyped)
  const key = keyOf(form.dataset.action)
  if (typed.length === 0) return localStorage.removeItem(key)
  localStorage.setItem(key, JSON.stringify(Object.fromEntries(typed.map(({ name, value }) => [name, value]))))
}

function restore(form) {
  const draft = JSON.parse(localStorage.getItem(keyOf(form.dataset.action)) ?? '{}')
  for (const field of fieldsOf(form)) if (!isTyped(field)) field.value = draft[field.name] ?? field.value
}

function restoreAll() {
  for (const form of document.querySelectorAll('form[data-action]')) restore(form)
}

/** @returns the draft of the action as a text, which is kept no longer; null if there is none. */
export function takeDraft(action) {
  const draft = localStorage.getItem(keyOf(action))
  localStorage.removeItem(keyOf(action))
  return draft
}

/** @param draft of `takeDraft`. */
export function putBackDraft(action, draft) {
  localStorage.setItem(keyOf(action), draft)
  restoreAll()
}

document.addEventListener('input', ({ target }) => {
  if (target.form?.dataset.action !== undefined) keep(target.form)
})
document.addEventListener('made', ({ target }) => takeDraft(target.dataset.action))
document.addEventListener('replaced', restoreAll)
restoreAll()
