import type pg from 'pg'
import type { Brief } from './brief.ts'
import type { Registration } from './registration.ts'

/** Content counts as at least so many bytes, and what answers show of it as so many more: the rows cost about as much. */
const ITEM_BYTES = 1_024
const MEMBERS_BYTES = 1_024

/** What a word of a brief counts beside its own bytes: an index has it, also if no other brief does. */
const WORD_BYTES = 24

type Charged = { bytes: Uint8Array; brief: Brief | undefined; registration?: Registration | undefined }

const encoder = new TextEncoder()

const bytesOf = (texts: readonly (string | null | undefined)[]) =>
  texts.reduce((sum, text) => sum + (text ? encoder.encode(text).length : 0), 0)

/** What the content counts for in the limits, in bytes: about what the database stores of it. */
export async function readCharge(client: pg.ClientBase, { bytes, brief, registration }: Charged): Promise<number> {
  let charge = Math.max(bytes.length, ITEM_BYTES)
  if (registration) charge += MEMBERS_BYTES + bytesOf([registration.name, registration.description])
  if (brief) {
    const { title, summary, tags = [] } = brief
    const json = JSON.stringify(brief)
    const values = [title, summary, tags, json]
    const { rows } = await client.query<{ words: number; bytes: number }>(
      `SELECT count(*)::int AS words, coalesce(sum(octet_length(lexeme)), 0)::int AS bytes
       FROM unnest(content.words_of(ROW(NULL, $1, $2, $3, $4)::content.brief))`,
      values,
    )
    const words = rows[0] ?? { words: 0, bytes: 0 }
    charge += MEMBERS_BYTES + bytesOf([title, summary, ...tags, json]) + words.words * WORD_BYTES + words.bytes
  }
  return charge
}
