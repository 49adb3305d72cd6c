import { z } from '@hono/zod-openapi'
import type { Checks } from '../../../core/checks/checksSchema.ts'
import { untrustedContent } from '../http/values.ts'

const title = z.string().openapi(untrustedContent('What is asked for, in a line.'))
const summary = z.string().openapi(untrustedContent('The same in a sentence or two.'))
const tags = z.array(z.string()).openapi(untrustedContent('What the work is about.'))

/** What every run has of its brief: null if it names none that is stored here. */
export const briefMembers = {
  title: title.nullable(),
  summary: summary.nullable(),
  tags: tags.nullable(),
}

export const exampleBriefMembers = {
  title: 'Translate a page into French',
  summary: null,
  tags: ['translation'],
}

const exampleBrief = { title: exampleBriefMembers.title, tags: exampleBriefMembers.tags }

/** As `checksSchema`, which has read what is stored. */
const checks = z
  .object({
    schema: z.record(z.string(), z.unknown()).optional(),
    sha256: z.string().optional(),
    minBytes: z.int().optional(),
    maxBytes: z.int().optional(),
    urls: z.array(z.object({ url: z.string(), contentType: z.string() })).optional(),
  } satisfies Record<keyof Checks, z.ZodType>)
  .openapi(untrustedContent('What software can check of the delivery.'))

/** A brief without members of other names. `/schemas/brief.json` says what is allowed. */
export const briefSchema = z
  .object({
    title,
    summary: summary.optional(),
    description: z.string().optional().openapi(untrustedContent('The work in full, as Markdown.')),
    acceptance: z.array(z.string()).optional().openapi(untrustedContent('What the work must fulfil to be approved.')),
    tags: tags.optional(),
    attachments: z
      .array(z.object({ name: z.string(), cid: z.string(), size: z.int() }))
      .optional()
      .openapi(untrustedContent('Files that belong to the work.')),
    checks: checks.optional(),
  })
  .openapi('Brief', { example: exampleBrief })

export type Brief = z.infer<typeof briefSchema>
