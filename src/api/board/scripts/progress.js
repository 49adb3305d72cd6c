// The line that says how the reader's latest action goes.
import { element } from './element.js'

const line = document.getElementById('progress')

let speakers = 0

/** @returns how an action says how it goes. It is silent once a later action speaks. */
export function newSpeaker() {
  const own = ++speakers
  /** @param kind `good` or `bad` where it is decided. @param link to what was made. */
  return (text, kind = '', link = undefined) => {
    const words = link ? `${text} ${link.text}` : text
    // What is said already is not said again: a screen reader would repeat it, and the link would lose the focus.
    if (own !== speakers || (line.textContent === words && line.className === kind)) return
    line.className = kind
    line.textContent = text
    if (!link) return
    line.append(' ', element('a', { href: link.href, textContent: link.text }))
  }
}

/** A text to copy, below the line. */
const text = element('textarea', { readOnly: true, rows: 8, ariaLabel: 'Calls, as JSON' })

/** Shows the line below the form. The part of the page with the form may be replaced: the line is outside of it. */
export function showProgressBelow(form) {
  text.remove()
  const place = form.closest('[data-live]') ?? form
  place.after(line)
}

/** @returns whether the text was copied; else it is shown, to be copied by the reader: browsers allow it on HTTPS only. */
export async function copyText(value) {
  try {
    await navigator.clipboard.writeText(value)
    return true
  } catch (error) {
    console.warn(error)
    text.value = value
    line.after(text)
    return false
  }
}

/** Moves the keyboard's focus to the line, so that a form that has done its work can be replaced. */
export const focusProgress = () => line.focus()
