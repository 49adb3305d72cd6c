import { spawnSync } from 'node:child_process'

/** Runs a command and passes its output through. @throws if it fails. */
export function runCommand(command: string, args: string[], env: Record<string, string>) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  if (error) throw error
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${status}`)
}
