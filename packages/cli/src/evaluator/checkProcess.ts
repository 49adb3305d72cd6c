import { fork } from 'node:child_process'
import { on } from 'node:events'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import type { Checks } from '../../../../core/checks/checksSchema.ts'
import { runChecks } from '../../../../core/checks/runChecks.js'

const TIMEOUT_MS = 1_000
const MAX_MEMORY_MB = 64

export type Delivery = { uri: string; text: string }

/** This module is the process's, too, so that it is found wherever the package is. */
const path = fileURLToPath(import.meta.url)
if (process.argv[1] === path) {
  process.once('message', ({ checks, delivery }: { checks: Checks; delivery: Delivery }) =>
    process.send?.('ready', () => {
      // With a timeout of its own, so that it ends also if its parent is killed.
      const run = () => runChecks(checks, delivery)
      process.send?.(runInNewContext('run()', { run }, { timeout: TIMEOUT_MS }), () => process.disconnect())
    }),
  )
}

const VALIDATOR = '@cfworker/json-schema'

/** It may read this module and those that it loads, also where folders are links, and no other file, such as one with the key. */
const readable = [
  path,
  fileURLToPath(import.meta.resolve('../../../../core/checks/runChecks.js')),
  fileURLToPath(new URL('../../', import.meta.resolve(VALIDATOR))),
  ...(createRequire(path).resolve.paths(VALIDATOR) ?? []).map((folder) => `${folder}/${VALIDATOR}/`),
].map((file) => `--allow-fs-read=${file}`)

/** No process, no thread, no code from text; from Node 25 on no network either. */
const flags = [
  '--permission',
  ...readable,
  '--disallow-code-generation-from-strings',
  `--max-old-space-size=${MAX_MEMORY_MB}`,
]

let last: Promise<unknown> = Promise.resolve()

/**
 * What the delivery fails, by the checks that need no network. Each has a second, in a process that no other delays.
 * @throws if no process starts, which says nothing about the delivery.
 */
export async function runInProcess(checks: Checks, delivery: Delivery): Promise<string[]> {
  // Twice, because a machine that is busy may make one second too short.
  const checked = last.then(() => attempt(checks, delivery)).then((results) => results ?? attempt(checks, delivery))
  last = checked.catch(() => {})
  const results = await checked
  if (!results) return [`JSON Schema: the check of this delivery takes more than ${TIMEOUT_MS / 1_000} s`]
  return results.flatMap(({ name, complaint }) => (complaint === undefined ? [] : [`${name}: ${complaint}`]))
}

/** Undefined if time or memory were not enough. A thread without memory would end all threads. */
async function attempt(checks: Checks, delivery: Delivery): Promise<ReturnType<typeof runChecks> | undefined> {
  // Without the key, which may be in the environment.
  const child = fork(path, { execArgv: flags, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: {} })
  const messages = on(child, 'message', { close: ['exit'] })
  const next = async () => (await messages.next()).value?.[0]
  child.send({ checks, delivery })
  if ((await next()) === undefined) throw new Error('no process starts for the checks')
  const late = sleep(TIMEOUT_MS, undefined, { ref: false })
  return Promise.race([next(), late]).finally(() => child.kill('SIGKILL'))
}
