import type { Command } from 'commander'
import { explain } from './explain.ts'
import { createOutput, type Output } from './output.ts'
import type { Settings } from './settings.ts'

/** What a command gets: its options and the settings, and where it prints. */
export type Context<Options = unknown> = Settings & Options & { output: Output }

/** Adapts a command to commander: prints its errors for the user. */
export const action = <Options, Arguments extends unknown[]>(
  work: (context: Context<Options>, ...args: Arguments) => Promise<void>,
) =>
  async function run(this: Command): Promise<void> {
    const settings = this.optsWithGlobals() as Settings & Options
    const output = createOutput(settings)
    try {
      await work({ ...settings, output }, ...(this.processedArgs as Arguments))
    } catch (error) {
      output.fail(explain(error, settings))
    }
  }
