import { z } from 'zod'
import { checksSchema } from '../../../core/checks/checksSchema.ts'

/** The most bytes of a brief, and of anything else that is stored. */
export const MAX_CONTENT_BYTES = 32 * 1024

// The patterns count code points, as `maxLength` of JSON Schema does and Zod does not. They avoid \p, so that validators
// in all languages understand them. A surrogate without its other half is no character.
const SURROGATES = '\\uD800-\\uDFFF'
export const oneLine = (most: number) =>
  z
    .string()
    .regex(
      new RegExp(`^(?=.*\\S)[^\\u0000-\\u001F\\u007F-\\u009F\\u2028\\u2029${SURROGATES}]{1,${most}}$`, 'u'),
      `must be one line of 1 to ${most} characters`,
    )
export const text = z.string().regex(new RegExp(`^[^\\u0000${SURROGATES}]*$`, 'u'), 'must be text without NUL')

const MAX_ATTACHMENTS = 20

export const tagSchema = z.string().regex(/^[a-z0-9][a-z0-9+.#-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9, +, ., # and -')

const attachmentSchema = z.looseObject({
  name: oneLine(120),
  cid: z
    .string()
    .regex(/^[A-Za-z0-9]{46,128}$/, 'must be a CID')
    .describe('Without ipfs://.'),
  size: z.int().min(0).describe('In bytes.'),
})

/** What a run asks for. Other members are allowed and ignored. */
const briefSchema = z.looseObject({
  title: oneLine(120).describe('What is asked for, in a line.'),
  summary: oneLine(500).optional().describe('The same in a sentence or two, for lists.'),
  description: text.optional().describe('The work in full, as Markdown.'),
  acceptance: z.array(text).max(50).optional().describe('What the work must fulfil to be approved, a condition each.'),
  tags: z.array(tagSchema).max(10).optional().describe('What the work is about, for filters.'),
  attachments: z.array(attachmentSchema).max(MAX_ATTACHMENTS).optional().describe('Files that belong to the work.'),
  checks: checksSchema
    .optional()
    .describe('What software can check of the delivery, such as an evaluator that is a program.'),
})

/** The JSON Schema of a brief, which is JSON of at most `MAX_CONTENT_BYTES` bytes. */
export const briefJsonSchema = {
  ...z.toJSONSchema(briefSchema, { io: 'input' }),
  title: 'Brief',
  description: `What a run asks for: JSON in UTF-8, at most ${MAX_CONTENT_BYTES} bytes. Other members are allowed and ignored.`,
}

/** Its own members only: others may be as deep and as odd as JSON allows. */
const ownMembers = z.object({
  ...briefSchema.shape,
  attachments: z.array(z.object(attachmentSchema.shape)).max(MAX_ATTACHMENTS).optional(),
})

export type Brief = z.infer<typeof ownMembers>

/** The brief that the value is, without members of other names, or why it is none. */
export const readBrief = (value: unknown) => ownMembers.safeParse(value)
