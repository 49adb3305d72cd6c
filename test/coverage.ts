// `npm run coverage:contracts`: the lines, branches and functions of the contracts that the tests reach. Fails below
// 100 %.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

const directory = mkdtempSync(join(tmpdir(), 'runline-coverage-'))
const report = join(directory, 'lcov.info')

try {
  await execa(
    process.execPath,
    [
      'tools/toolchain/forge.ts',
      'coverage',
      '--report',
      'lcov',
      '--report-file',
      report,
      '--no-match-coverage',
      '^(test|node_modules|contracts/mocks)/',
      // The invariant tests are random: a line that only they reach may be missed by the next run.
      '--no-match-path',
      'test/contracts/invariant/*',
      '--fuzz-seed',
      '0x1',
      // Coverage builds without the optimizer, so the gas tests fail. `npm test` says whether tests pass.
      '--allow-failure',
    ],
    { env: { FORGE_SNAPSHOT_CHECK: 'false' }, stdin: 'ignore', stdout: 'ignore' },
  )
  const gaps = readFileSync(report, 'utf8').split('end_of_record').flatMap(printFile)
  for (const gap of gaps) console.error(`not reached: ${gap}`)
  if (gaps.length > 0) process.exitCode = 1
} finally {
  rmSync(directory, { recursive: true })
}

/** Prints the figures of a file's record in the report. @returns its unreached lines, branches and functions. */
function printFile(record: string): string[] {
  const path = /^SF:(.+)$/m.exec(record)?.[1]
  if (path === undefined) return []
  const kinds = { lines: 'L', branches: 'BR', functions: 'FN' }
  const figures = Object.entries(kinds).map(
    ([kind, code]) => `${kind} ${count(record, `${code}H`)}/${count(record, `${code}F`)}`,
  )
  console.log(`${path}: ${figures.join(', ')}`)
  return [
    ...[...record.matchAll(/^DA:(\d+),0$/gm)].map(([, line]) => `${path}:${line}`),
    ...[...record.matchAll(/^BRDA:(\d+),\d+,(\d+),[0-]$/gm)].map(
      ([, line, branch]) => `${path}:${line} branch ${branch}`,
    ),
    ...[...record.matchAll(/^FNDA:0,(.+)$/gm)].map(([, name]) => `${path} ${name}`),
  ]
}

function count(record: string, code: string): string {
  const figure = new RegExp(`^${code}:(\\d+)$`, 'm').exec(record)?.[1]
  if (figure === undefined) throw new Error(`A file's record in the coverage report has no ${code}:\n${record}`)
  return figure
}
