// Runs beside a process that starts others, and outlives it: a process that is killed with SIGKILL cannot clean up after
// itself, so execa's `cleanup` does not help. When the IPC channel to the starter closes, for any reason, the guard ends
// the remaining process groups, removes their directories, and unmounts their disks.
import { spawnSync } from 'node:child_process'
import { rmdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A message from the starter: a process group that has started or ended, a temporary directory, or where a disk is mounted. */
export type GuardMessage = { started: number } | { ended: number } | { directory: string } | { mounted: string }

/** Time between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000
const groups = new Set<number>()
const directories = new Set<string>()
const disks = new Set<string>()

process.on('message', (message: GuardMessage) => {
  if ('started' in message) groups.add(message.started)
  else if ('ended' in message) groups.delete(message.ended)
  else if ('mounted' in message) disks.add(message.mounted)
  else directories.add(message.directory)
})

process.on('disconnect', async () => {
  for (const group of groups) signalGroup(group, 'SIGTERM')
  const deadline = Date.now() + GRACE_MS
  while ([...groups].some((group) => signalGroup(group, 0)) && Date.now() < deadline) await sleep(50)
  for (const group of groups) signalGroup(group, 'SIGKILL')
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  // The starter may have unmounted it.
  for (const disk of disks) if (spawnSync('umount', ['--lazy', disk]).status === 0) rmdirSync(disk)
})

/** Sends a signal, or none for 0, to every process of a group. @returns whether there is one. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal)
  } catch {
    // The group has ended.
    return false
  }
}

// Ignored: the starter handles a signal that its whole process group gets.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
