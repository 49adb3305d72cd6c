// Writes packages/client/src/api.ts, and the answers of the Python client, from the OpenAPI document of the API. With --check it
// only compares them, and fails if they differ.
import openapiTypes, { astToString } from 'openapi-typescript'
import { apiDescription } from './apiDescription.ts'
import { pythonTypes } from './pythonTypes.ts'
import { writeGenerated } from './writeGenerated.ts'

/**
 * Examples would be most of the file, as comments. The client shows no headers, asks for no 304, and sends no method that
 * gets a 405. TypeScript tells problems apart without a discriminator. Without operation ids, paths have their operations.
 */
const unused = /^(examples?|headers|304|ReadNotModified|405|discriminator|operationId)$/

const text = await apiDescription()
const { schemas }: { schemas: Record<string, { properties?: object }> } = JSON.parse(text).components
const members = Object.values(schemas).flatMap(({ properties = {} }) => Object.keys(properties))
const lost = members.filter((name) => unused.test(name))
if (lost.length > 0) throw new Error(`The client's types would lack the members ${lost.join(', ')}: change \`unused\``)

const description = JSON.parse(text, (name, value) => (unused.test(name) ? undefined : value))
const types = await openapiTypes(description, { rootTypes: true, rootTypesNoSchemaPrefix: true })
const source = `// Generated from the API's routes by \`npm run client:types\`. Do not edit.\n${astToString(types)}`

writeGenerated('packages/client/src/api.ts', source, 'the API', 'client:types')
writeGenerated('packages/python/runline/answers.py', pythonTypes(JSON.parse(text)), 'the API', 'client:types')
