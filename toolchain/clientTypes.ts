// Writes client/src/api.ts from the OpenAPI document of the API. With --check it only compares them, and fails if they
// differ.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import openapiTypes, { astToString } from 'openapi-typescript'
import { apiDescription } from './apiDescription.ts'

const path = 'client/src/api.ts'

/** Examples would be most of the file, as comments. */
const withoutExamples = (name: string, value: unknown) => (/^examples?$/.test(name) ? undefined : value)

/** The root types of shared responses and headers. The client exports every root type, and only schemas are of use there. */
const unusedTypes = /^export type (?:Response|Header)\w+ = .*\n/gm

const types = await openapiTypes(JSON.parse(await apiDescription(), withoutExamples), {
  rootTypes: true,
  rootTypesNoSchemaPrefix: true,
})
const source = `// Generated from the API's routes by \`npm run client:types\`. Do not edit.\n${astToString(types).replaceAll(unusedTypes, '')}`

if (!existsSync(path) || readFileSync(path, 'utf8') !== source) {
  if (process.argv.includes('--check')) {
    console.error(`${path} differs from the API. Run \`npm run client:types\` and commit the result.`)
    process.exitCode = 1
  } else {
    writeFileSync(path, source)
  }
}
