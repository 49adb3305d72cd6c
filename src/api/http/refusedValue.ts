import { Problem } from './errors.ts'

const MAX_SHOWN_CHARACTERS = 120

/** The problem of a malformed request, which repeats the refused text, shortened. */
export function refusedValue(field: string, complaint: string, text: string): Problem {
  const value = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text
  const extensions = { field, value }
  return new Problem('VALIDATION_FAILED', `${field}: ${complaint}, got ${JSON.stringify(value)}.`, { extensions })
}
