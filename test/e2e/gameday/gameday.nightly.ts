// `npm run gameday`, with the fault that takes least.
import { execa } from 'execa'
import { expect, test } from 'vitest'

/** Runs the command as an operator does, without npm's own output. */
const gameday = (...args: string[]) =>
  execa('node', ['tools/gameday/run.ts', ...args], { preferLocal: true, reject: false })

test('prints a line for the fault, and exits with 0 if all bounds are met', { timeout: 240_000 }, async () => {
  const { stdout, stderr, exitCode } = await gameday('--only', 'cancel')
  const line = /^cancel +(?:\d+\.\d +){5}(\d+) +(\d+) +(\d+) +0 +0 .* cancelled a statement of an indexer$/m
  const [, made, accepted, won] = (line.exec(stdout) ?? []).map(Number)
  expect(made, `${stdout}\n${stderr}`).toBeGreaterThan(10)
  expect([accepted, won]).toEqual([made, made])
  expect(stdout).toMatch(/^audit: 0 differences in \d+ runs, 12 agents at block \d+$/m)
  expect(stdout).toMatch(/^All bounds are met$/m)
  expect(exitCode).toBe(0)
})

test('refuses a fault that it does not know', async () => {
  const { stderr, exitCode } = await gameday('--only', 'flood')
  expect(stderr).toBe(
    '--only flood: there is no such fault. There are: none, cancel, storm, sessions, connections, frozen, disk, clock',
  )
  expect(exitCode).toBe(1)
})
