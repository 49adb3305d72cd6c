// `npm test`: builds the contracts beside the tests of the API, which need none, and then runs the contracts' tests beside
// all others. Ends with 2 if one of the contracts fails, else with 1 if another fails.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { startProcess } from '../devnet/managedProcess.ts'

const [isBuilt, apiPassed] = await Promise.all([inIdleTime('toolchain/forge.ts', 'build'), vitest('api')])
if (!isBuilt) process.exit(2)

const contracts = inIdleTime('test/contracts/runTests.ts')
const othersPassed = await vitest('unit', 'e2e')
const contractsPassed = await contracts
if (!contractsPassed) process.exitCode = 2
else if (!apiPassed || !othersPassed) process.exitCode = 1

async function vitest(...projects: string[]): Promise<boolean> {
  const options = projects.flatMap((project) => ['--project', project])
  const [code] = await once(spawn('vitest', ['run', ...options], { stdio: 'inherit' }), 'exit')
  return code === 0
}

/**
 * Runs a file with Node while no other process needs the time: Vitest's tests wait for a part of it. Prints the output at
 * the end. @returns whether it exited with 0.
 */
async function inIdleTime(...args: string[]): Promise<boolean> {
  const lines: string[] = []
  const onLine = (line: string) => lines.push(line)
  const part = await startProcess({ name: args.join(' '), command: process.execPath, args, onLine })
  const { PRIORITY_LOW } = constants.priority
  setPriority(part.pid, PRIORITY_LOW)
  // Linux shares the time among sessions first, and this process has a session of its own.
  const session = `/proc/${part.pid}/autogroup`
  if (existsSync(session)) writeFileSync(session, String(PRIORITY_LOW))
  const how = await part.ended
  await part.stop()
  console.log(lines.join('\n'))
  return how === 'exited with code 0'
}
