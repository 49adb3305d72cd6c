// `npm test`: builds the contracts and runs their tests beside those of the API, which need no contract, and then all
// others. Ends with 1 if a test fails.
import { execa } from 'execa'

const [contractsPassed, apiPassed] = await Promise.all([testContracts(), vitest('--project', 'api')])
const othersPassed = await vitest('--project', 'unit', '--project', 'e2e')
if (!contractsPassed || !apiPassed || !othersPassed) process.exitCode = 1

async function vitest(...options: string[]): Promise<boolean> {
  const { failed } = await execa({ stdio: 'inherit', reject: false })('vitest', ['run', ...options])
  return !failed
}

/** Prints the output at the end, because Vitest prints at the same time. */
async function testContracts(): Promise<boolean> {
  const { all, failed } = await execa({ all: true, reject: false })(process.execPath, ['test/contracts/runTests.ts'])
  console.log(all)
  return !failed
}
