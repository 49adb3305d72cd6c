/**
 * Sends a signal to every process of a group: to a child process and to all that it spawned (a wrapper's binary, a
 * watcher's child, PostgreSQL's backends). A group that has already ended is no error.
 */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch (error) {
    if (!hasEnded(error)) throw error
  }
}

/** Whether any process of the group is left. */
export function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0)
    return true
  } catch (error) {
    if (hasEnded(error)) return false
    throw error
  }
}

function hasEnded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH'
}
