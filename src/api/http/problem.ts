import { type Problem, problemTypes } from './errors.ts'

/** The JSON of a problem, with the members of RFC 9457, `code`, and those that only this problem has. */
export function formatProblem({ code, status, message, extensions }: Problem) {
  const { title } = problemTypes[code]
  return { type: `urn:problem-type:runline:${code}`, title, status, detail: message, code, ...extensions }
}
