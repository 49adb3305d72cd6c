// Runs beside a process that started parts, and outlives it. A process that is killed cannot clean up after itself:
// when the channel to it closes, whatever the cause, the guard ends the parts it left behind and removes their files.
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isGroupAlive, signalGroup } from './processGroup.ts'

/** What the starter tells its guard. */
export type GuardMessage = { started: number } | { ended: number } | { directory: string }

const grace = 5_000
const groups = new Set<number>()
const directories = new Set<string>()

process.on('message', (message: GuardMessage) => {
  if ('started' in message) groups.add(message.started)
  else if ('ended' in message) groups.delete(message.ended)
  else directories.add(message.directory)
})

process.on('disconnect', async () => {
  for (const group of groups) signalGroup(group, 'SIGTERM')
  const deadline = Date.now() + grace
  while ([...groups].some(isGroupAlive) && Date.now() < deadline) await sleep(50)
  for (const group of groups) signalGroup(group, 'SIGKILL')
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})

// A signal for the starter's whole process group is the starter's to handle.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
