/**
 * Sends a signal to every process of a group. A part leads a group of its own, so that what it spawned (a wrapper's
 * binary, a watcher's child, PostgreSQL's backends) goes with it. A group that is gone already is no error.
 */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

/** Whether any process of the group is left. */
export function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0)
    return true
  } catch (error) {
    if (isGone(error)) return false
    throw error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH'
}
