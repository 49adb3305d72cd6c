import { z } from 'zod'
import { complaintOfSchema } from './schemaRules.ts'

/** The most bytes of a delivery that is stored. */
const MAX_DELIVERY_BYTES = 32 * 1024

const MAX_URLS = 5

const bytes = z.int().min(0).max(MAX_DELIVERY_BYTES)

const schema = z.record(z.string(), z.unknown()).superRefine((given, context) => {
  const complaint = complaintOfSchema(given)
  if (complaint) context.addIssue({ code: 'custom', ...complaint })
})

const urlCheck = z.strictObject({
  url: z
    .string()
    .regex(/^https?:\/\/[^\s@/]+(\/\S*)?$/, 'must be a URL of http or https, without a user')
    .max(2_000)
    .refine((url) => URL.canParse(url), 'must be a URL'),
  contentType: z.string().regex(/^[a-z0-9.+-]{1,60}\/[a-z0-9.+-]{1,60}$/, 'must be a content type, such as text/html'),
})

/** What software can check of a delivery. Unlike other members of a brief it has no unknown ones: each would be left unchecked. */
export const checksSchema = z
  .strictObject({
    schema: schema.optional().describe('The JSON Schema of the delivery, which then is JSON.'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be 64 digits of 0-9 and a-f')
      .optional()
      .describe('The hash of the delivery’s bytes.'),
    minBytes: bytes.optional().describe('The least size of the delivery.'),
    maxBytes: bytes.optional().describe('The largest size of the delivery.'),
    urls: z.array(urlCheck).max(MAX_URLS).optional().describe('What answers 200 with this content type.'),
  })
  .refine((checks) => Object.values(checks).flat().length > 0, 'must have a check')

export type Checks = z.infer<typeof checksSchema>
