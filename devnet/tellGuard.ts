import { type ChildProcess, fork } from 'node:child_process'
import type { GuardMessage } from './guard.ts'

let guard: ChildProcess | undefined

/** Tells this process's guard what to clean up; starts the guard at the first call. */
export function tellGuard(message: GuardMessage): void {
  if (!guard) {
    guard = fork(new URL('guard.ts', import.meta.url), { detached: true, stdio: 'ignore', execArgv: [] })
    guard.unref()
    guard.channel?.unref()
  }
  // Without a guard (someone killed it) parts still end in the ordinary way.
  if (guard.connected) guard.send(message)
}
