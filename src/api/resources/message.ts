import { z } from '@hono/zod-openapi'
import { pascalCase } from './problem.ts'
import { typedDataSchema } from './typedData.ts'

/** The members of a body and what they are in JSON. `Id` is a component. */
export type BodyMembers = Record<string, 'integer' | 'string' | 'Id'>

const schemaOf = (type: BodyMembers[string]) => (type === 'Id' ? { $ref: '#/components/schemas/Id' } : { type })

/** What to sign for an action, and the body to send to `path` once the `signature` is added to it. */
export const messageSchema = <Name extends string>(name: Name, members: BodyMembers) =>
  z
    .object({
      action: z.literal(name),
      path: z.string(),
      body: z
        .custom<Record<string, string | number>>((value) => typeof value === 'object')
        .openapi({
          type: 'object',
          properties: Object.fromEntries(Object.entries(members).map(([member, type]) => [member, schemaOf(type)])),
          required: Object.keys(members),
        }),
      typedData: typedDataSchema,
    })
    .openapi(`${pascalCase(name)}ToSign`)
