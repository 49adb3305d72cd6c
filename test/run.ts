// `npm test`: builds the contracts beside the tests of the API, which need none, and then runs the contracts' tests beside
// all others, in idle time. Ends with 2 if one of the contracts fails, else with 1 if another fails.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { startProcess } from '../tools/devnet/managedProcess.ts'

// The files of e2e wait for the build.
const [isBuilt, apiPassed] = await Promise.all([run(['tools/toolchain/forge.ts', 'build']), vitest('--project', 'api')])
if (!isBuilt) process.exit(2)

const contracts = run(['test/contracts/runTests.ts'], { isIdle: true })
const othersPassed = await vitest('--project', 'unit', '--project', 'e2e')
const contractsPassed = await contracts
if (!contractsPassed) process.exitCode = 2
else if (!apiPassed || !othersPassed) process.exitCode = 1

async function vitest(...options: string[]): Promise<boolean> {
  const [code] = await once(spawn('vitest', ['run', ...options], { stdio: 'inherit' }), 'exit')
  return code === 0
}

/**
 * Runs a file with Node. Prints its output at the end.
 * @param isIdle whether it runs only while no other process needs the time: Vitest's tests wait for a part of it.
 * @returns whether it exited with 0.
 */
async function run(args: string[], { isIdle = false } = {}): Promise<boolean> {
  const lines: string[] = []
  const onLine = (line: string) => lines.push(line)
  const part = await startProcess({ name: args.join(' '), command: process.execPath, args, onLine })
  if (isIdle) {
    const { PRIORITY_LOW } = constants.priority
    setPriority(part.pid, PRIORITY_LOW)
    // Linux shares the time among sessions first, and this process has a session of its own.
    const session = `/proc/${part.pid}/autogroup`
    if (existsSync(session)) writeFileSync(session, String(PRIORITY_LOW))
  }
  const how = await part.ended
  await part.stop()
  console.log(lines.join('\n'))
  return how === 'exited with code 0'
}
