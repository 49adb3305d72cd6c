import { once } from 'node:events'
import { stdin, stdout } from 'node:process'
import { createInterface } from 'node:readline/promises'
import { Option } from 'commander'
import type { Context } from './action.ts'
import { CommandError } from './commandError.ts'

/** `yes`: the user is not asked. */
export type Confirmed = { yes?: boolean }

export const yesOption = () => new Option('--yes', 'do not ask on a terminal')

/** Whether a person can answer, and has not answered with `--yes`. */
export const asks = ({ yes, json, dryRun }: Context<Confirmed>): boolean =>
  stdin.isTTY && stdout.isTTY && !yes && !json && !dryRun

/** Asks a person on a terminal. @throws CommandError unless the answer is yes. */
export async function confirm(context: Context<Confirmed>, question: string) {
  if (!asks(context)) return
  const terminal = createInterface({ input: stdin, output: stdout })
  // Ctrl-D closes the input, and Ctrl-C rejects the question.
  const closed = once(terminal, 'close').then(() => '')
  const answered = terminal.question(`${context.output.printable(question)} [y/N] `).catch(() => '')
  const answer = await Promise.race([answered, closed])
  terminal.close()
  if (/^\s*y(es)?\s*$/i.test(answer)) return
  throw new CommandError('NOT_CONFIRMED', 'You did not answer y: nothing was signed or sent.', { kind: 'refused' })
}
