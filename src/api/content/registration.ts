import { z } from 'zod'
import { oneLine, text } from './brief.ts'

/** How many characters of a description are stored: lists repeat it. */
const MAX_DESCRIPTION = 1_000

/** What an agent says of itself in its ERC-8004 registration file. */
export type Registration = { name: string; description: string | null }

const registrationSchema = z.object({ name: oneLine(120), description: text.nullish().catch(null) })

/** The name and the beginning of the description, if the value can be a registration file: an object with a name. */
export function registrationOf(value: unknown): Registration | undefined {
  const { data } = registrationSchema.safeParse(value)
  if (data === undefined) return undefined
  const description = data.description ? [...data.description].slice(0, MAX_DESCRIPTION).join('') : null
  return { name: data.name, description }
}
