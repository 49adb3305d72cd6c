import { symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { expect, it, onTestFinished } from 'vitest'
import { startProcess } from '../../../tools/devnet/managedProcess.ts'
import { freePorts, runDev } from '../../support/devnet.ts'
import { patternOf, readSection } from '../../support/readme.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

/** How long a delivery waits until it is revised, then until it is paid. */
const MAX_REVIEWS_MS = 20_000

it('the agent, the post and the evaluator of README do what it prints', async () => {
  const [agent, review, doors] = await Promise.all(
    ['An agent in a page', 'Software that reviews', 'Three doors'].map((title) => readSection('README.md', title)),
  )
  if (!agent || !review || !doors) throw new Error('README has no such section')
  expect([agent.steps.length, agent.programs.length, doors.commands.length]).toEqual([1, 1, 3])
  expect([review.steps.length, review.commands.length]).toEqual([1, 1])
  const project = await temporaryDirectory()
  onTestFinished(project.remove)
  const dev = await runDev(await freePorts())
  onTestFinished(dev.stop)
  await dev.ready()

  const onThisDevnet = (text: string) => text.replaceAll('http://localhost:3000', dev.url)
  const env = { RUNLINE_API: dev.url, RUNLINE_RPC: dev.rpcUrl }
  const run = async (command: string) => {
    const { stdout } = await execa('bash', ['-c', onThisDevnet(command)], { cwd: project.path, env, stdin: 'ignore' })
    return stdout
  }
  for (const name of ['package.json', 'packages', 'node_modules'])
    await symlink(resolve(name), join(project.path, name))
  await writeFile(join(project.path, 'first.ts'), onThisDevnet(agent.programs.join('\n')))

  const [list = '', post = '', rehearse] = doors.commands
  expect(JSON.parse(await run(list)).runs).toHaveLength(1)
  for (const { command, output } of agent.steps) {
    expect(await run(command), command).toMatch(patternOf(output.join('\n')))
  }
  expect(await run(post)).toMatch(/^Run 51 is OPEN[.]$/m)

  const [{ command, output } = { command: '', output: [] }] = review.steps
  const evaluator = await startProcess({ name: 'evaluator', command: 'bash', args: ['-c', command], env })
  onTestFinished(evaluator.stop)
  await evaluator.saw(/^Reviews for/, 20_000)
  const start = performance.now()
  await run(String(review.commands[0]))
  await evaluator.saw(/approved/, MAX_REVIEWS_MS)
  console.log(`Two deliveries are reviewed, and the agent is paid, in ${Math.round(performance.now() - start)} ms`)
  expect(performance.now() - start).toBeLessThan(MAX_REVIEWS_MS)
  expect(evaluator.output()).toMatch(patternOf(output.join('\n')))
  // test/e2e/rollup/rehearsal.nightly.ts is what this command runs.
  expect(rehearse).toBe('npm run rehearse')
}, 150_000)
