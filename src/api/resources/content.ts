import { z } from '@hono/zod-openapi'

/** Of `{"title":"Translate a page into French","tags":["translation"]}`. */
export const exampleCid = 'bafkreiashee25ooqkxzfh4n2h2hm7ztlxoxapldegrnjhfxxjxhr2ks65m'

export const postedContentSchema = z
  .object({
    cid: z.string().openapi({ description: 'The CID of the bytes: version 1, codec raw, sha2-256, in base32.' }),
    uri: z.string().openapi({ description: 'What a run, a delivery or a request for a revision names.' }),
    isBrief: z.boolean().openapi({
      description: 'Whether the bytes were posted as JSON and are a brief by `/schemas/brief.json`.',
    }),
    briefComplaint: z.string().optional().openapi({ description: 'Why what was posted as JSON is no brief.' }),
  })
  .openapi('PostedContent', { example: { cid: exampleCid, uri: `ipfs://${exampleCid}`, isBrief: true } })
