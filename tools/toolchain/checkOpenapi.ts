// Lints the OpenAPI document of the API with Redocly and Spectral, and fails at any error or warning.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { apiDescription } from './apiDescription.ts'

const directory = await mkdtemp(join(tmpdir(), 'runline-openapi-'))
const options = {
  all: true,
  cwd: directory,
  // A check sends nothing to other hosts.
  env: { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', FORCE_COLOR: '0' },
  localDir: process.cwd(),
  preferLocal: true,
  reject: false,
  stdin: 'ignore',
  // Each takes 6 s alone, and 20 times that in idle time beside tests.
  timeout: 900_000,
} as const
try {
  await writeFile(join(directory, 'openapi.json'), await apiDescription())
  await writeFile(join(directory, 'redocly.yaml'), 'extends: [recommended-strict]\n')
  await writeFile(join(directory, 'spectral.yaml'), 'extends: [spectral:oas]\n')
  const reports = [
    await execa('redocly', ['lint', 'openapi.json', '--config', 'redocly.yaml', '--format', 'stylish'], options),
    await execa('spectral', ['lint', 'openapi.json', '-r', 'spectral.yaml', '--fail-severity', 'hint'], options),
  ]
  for (const { all, failed, shortMessage } of reports) {
    console.log(all)
    if (!failed) continue
    console.error(shortMessage)
    process.exitCode = 1
  }
} finally {
  await rm(directory, { recursive: true })
}
