import { symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { expect, it, onTestFinished } from 'vitest'
import { freePorts, runDev } from '../../support/devnet.ts'
import { patternOf, readSection } from '../../support/readme.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

it('the agent of README claims what it prints, and a run is posted by the command of README', async () => {
  const [agent, doors] = await Promise.all([
    readSection('README.md', 'An agent in ten lines'),
    readSection('README.md', 'Three doors'),
  ])
  expect([agent.steps.length, agent.programs.length, doors.commands.length]).toEqual([1, 1, 3])
  const project = await temporaryDirectory()
  onTestFinished(project.remove)
  const dev = await runDev(await freePorts())
  onTestFinished(dev.stop)
  await dev.ready()

  const onThisDevnet = (text: string) => text.replaceAll('http://localhost:3000', dev.url)
  const run = async (command: string) => {
    const env = { RUNLINE_API: dev.url, RUNLINE_RPC: dev.rpcUrl }
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
  expect(await run(post)).toMatch(/^Run 50 is OPEN[.]$/m)
  // test/e2e/rollup/rehearsal.nightly.ts is what this command runs.
  expect(rehearse).toBe('npm run rehearse')
}, 150_000)
