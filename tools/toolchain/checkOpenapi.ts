// Lints the OpenAPI document of the API with Redocly, and fails at any error or warning.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { apiDescription } from './apiDescription.ts'

/** The strictest set of rules, and those that it leaves out: a wrong example misleads as much as a wrong schema. */
const config = `extends: [recommended-strict]
rules:
  no-invalid-parameter-examples: error
  no-invalid-schema-examples: error
  operation-tag-defined: error
`

const directory = await mkdtemp(join(tmpdir(), 'runline-openapi-'))
try {
  await writeFile(join(directory, 'openapi.json'), await apiDescription())
  await writeFile(join(directory, 'redocly.yaml'), config)
  const { all, failed, shortMessage } = await execa(
    'redocly',
    ['lint', 'openapi.json', '--config', 'redocly.yaml', '--format', 'stylish'],
    {
      all: true,
      cwd: directory,
      // A check sends nothing to other hosts.
      env: { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', FORCE_COLOR: '0' },
      localDir: process.cwd(),
      preferLocal: true,
      reject: false,
      stdin: 'ignore',
      // It takes 6 s alone, and 20 times that in idle time beside tests.
      timeout: 900_000,
    },
  )
  console.log(all)
  if (failed) {
    console.error(shortMessage)
    process.exitCode = 1
  }
} finally {
  await rm(directory, { recursive: true })
}
