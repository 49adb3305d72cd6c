import { type ChildProcess, fork } from 'node:child_process'
import type { GuardMessage } from './guard.ts'

let guard: ChildProcess | undefined

/** Registers with this process's guard what to clean up. The first call starts the guard. */
export function registerCleanup(message: GuardMessage): void {
  if (!guard) {
    guard = fork(new URL('guard.ts', import.meta.url), { detached: true, stdio: 'ignore', execArgv: [] })
    guard.unref()
    guard.channel?.unref()
  }
  // If the guard was killed, processes are still ended by `stop`.
  if (guard.connected) guard.send(message)
}
