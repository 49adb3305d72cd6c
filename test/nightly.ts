// `npm run test:nightly`: every test that takes long, and the campaigns, each of a size that a night allows. Continues after a
// failure. The last line says how many parts passed, which failed, and which packages this machine lacks: tests that need
// one are skipped.
import { spawnSync } from 'node:child_process'
import { execa } from 'execa'
import { python } from './support/python.ts'

/** Sizes of campaigns; variables of the same names set others. The table in CONTRIBUTING.md says what they count. */
const sizes: Record<string, string> = {
  KILLS: '30',
  LIVES: '60',
  CLAIM_PAIRS: '1500',
  ACTIONS: '600',
  OUTAGE_SECONDS: '30',
  VERIFY_LIES: '2000',
  VERIFY_ANSWERS: '500',
  INVARIANT_RUNS: '150',
}

const pythonCommand = python ?? 'python3'

/** Each package, and a command that works where it is installed. */
const packages: [name: string, command: string, ...args: string[]][] = [
  ['chromium', 'chromium', '--version'],
  ['pgbouncer', 'pgbouncer', '--version'],
  ['prometheus', 'promtool', '--version'],
  ['nginx', 'nginx', '-v'],
  ['squid', 'squid', '-v'],
  ['python3-ecdsa', pythonCommand, '-c', 'import ecdsa'],
  ['python3-pycryptodome', pythonCommand, '-c', 'import Cryptodome'],
]

const parts: Record<string, string[]> = {
  // Two files at a time in place of four: many tests bound seconds, and a night is long.
  'tests of the night': [
    'vitest',
    'run',
    '--project',
    'nightly',
    '--maxWorkers=2',
    '--reporter=default',
    '--reporter=./test/support/failuresAtOnce.ts',
  ],
  'long drills': ['vitest', 'run', '--project', 'ci', 'claims/survival', 'actions/survival', 'indexer/outage'],
  simulations: ['npm', 'run', 'sim', '--', '--seeds', '2'],
  invariants: ['npm', 'run', 'test:invariants'],
  'coverage of the contracts': ['npm', 'run', 'coverage:contracts'],
  'a sample of mutants': ['npm', 'run', 'test:mutants', '--', '--hasty', '--sample', '1'],
}

const failed: string[] = []
for (const [name, [command = '', ...args]] of Object.entries(parts)) {
  const started = Date.now()
  const result = await execa({ stdio: 'inherit', reject: false, env: { ...sizes, ...process.env } })(command, args)
  if (result.failed) failed.push(name)
  console.log(
    `${name}: ${result.failed ? 'failed' : 'passed'} after ${((Date.now() - started) / 60_000).toFixed(1)} minutes`,
  )
}

const lacking = packages.filter(([, command, ...args]) => spawnSync(command, args).status !== 0).map(([name]) => name)
const count = Object.keys(parts).length
const list = (names: string[]) => names.join(', ') || 'none'
console.log(
  `${count - failed.length} of ${count} parts passed; failed: ${list(failed)}; packages lacking: ${list(lacking)}`,
)
if (failed.length > 0) process.exitCode = 1
