import { symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { expect, it, onTestFinished } from 'vitest'
import { freePorts, runDev } from '../../support/devnet.ts'
import { patternOf, readSection } from '../../support/readme.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

it('the requests of README answer as printed, in curl and in TypeScript', async () => {
  const [request, claim] = await Promise.all([readSection('A first request'), readSection('A first claim')])
  expect([request.steps.length, request.programs.length, claim.steps.length]).toEqual([2, 1, 3])
  const project = await temporaryDirectory()
  onTestFinished(project.remove)
  const dev = await runDev(await freePorts())
  onTestFinished(dev.stop)
  await dev.ready()

  const onThisDevnet = (text: string) => text.replaceAll('http://localhost:3000', dev.url)
  for (const name of ['package.json', 'packages', 'node_modules'])
    await symlink(resolve(name), join(project.path, name))
  await writeFile(join(project.path, 'first.ts'), onThisDevnet(request.programs.join('\n')))
  for (const { command, output } of [...request.steps, ...claim.steps]) {
    const { stdout } = await execa('bash', ['-c', onThisDevnet(command)], { cwd: project.path, stdin: 'ignore' })
    // README breaks JSON, which is one line, before a space.
    expect(stdout, command).toMatch(patternOf(output.join('\n').replaceAll('\n ', '')))
  }
}, 150_000)
