import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Checks } from '../../../../core/checks/checksSchema.ts'
import { runChecks } from '../../../../core/checks/runChecks.js'

const TIMEOUT_MS = 1_000
const MAX_MEMORY_MB = 64

export type Delivery = { uri: string; text: string }

type Result = ReturnType<typeof runChecks>

/** This module is the thread's, too, so that it is found wherever the package is. */
const given = isMainThread ? undefined : (workerData as { checks?: Checks; delivery: Delivery } | undefined)
if (given?.checks) {
  parentPort?.postMessage('ready')
  parentPort?.postMessage(runChecks(given.checks, given.delivery))
}

/** What the delivery fails, by the checks that need no network. It has a second, in a thread of its own. */
export async function runInThread(checks: Checks, delivery: Delivery): Promise<string[]> {
  // Twice, because a machine that is busy may make one second too short.
  const results = (await attempt(checks, delivery)) ?? (await attempt(checks, delivery))
  if (!results) return [`JSON Schema: the check of this delivery takes more than ${TIMEOUT_MS / 1_000} s`]
  return results.flatMap(({ name, complaint }) => (complaint === undefined ? [] : [`${name}: ${complaint}`]))
}

/** Undefined if time or memory were not enough. */
async function attempt(checks: Checks, delivery: Delivery): Promise<Result | undefined> {
  const { promise, resolve } = Promise.withResolvers<Result | undefined>()
  const resourceLimits = { maxOldGenerationSizeMb: MAX_MEMORY_MB }
  const thread = new Worker(new URL(import.meta.url), { workerData: { checks, delivery }, resourceLimits })
  let timer: NodeJS.Timeout | undefined
  thread.on('message', (message: 'ready' | Result) => {
    if (message === 'ready') timer = setTimeout(resolve, TIMEOUT_MS, undefined)
    else resolve(message)
  })
  thread.on('error', () => resolve(undefined))
  const result = await promise
  clearTimeout(timer)
  await thread.terminate()
  return result
}
