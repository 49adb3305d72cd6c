import { reasonOf } from '../core/describeError.ts'

/** Runs an operator's command. If it fails, prints the reason without a stack; the process then exits with code 1. */
export async function runCommand(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    console.error(reasonOf(error))
    process.exitCode = 1
  }
}
