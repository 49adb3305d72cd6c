import type { Retry } from '../../client/src/index.ts'
import { exitCodes, type Reason } from './explain.ts'

/** A transaction that a command sent, or in a dry run only simulated. `actionId`: of one that the API sent. */
type Sent = { action: string; txHash?: string; blockNumber?: number; actionId?: string }

/**
 * Accounts wrote some of the texts. A control character would move the terminal's cursor or hide what was printed, and one of
 * direction would reorder it: they are printed as escapes.
 */
const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)

export type Output = ReturnType<typeof createOutput>

/** Prints lines for a person, or with `json` one JSON object at the end of the command. */
export function createOutput({ json: isJson = false }: { json?: boolean }) {
  const transactions: Sent[] = []

  return {
    printable,
    /** Prints a line for a person. */
    line(text: string) {
      if (!isJson) console.log(printable(text))
    },
    /** Prints a transaction as soon as it is mined, so that a later failure does not hide it. */
    transaction(sent: Sent) {
      transactions.push(sent)
      const { action, txHash, blockNumber } = sent
      const end = txHash ? `transaction ${txHash}, block ${blockNumber}` : 'would succeed; nothing was sent'
      this.line(`${action}: ${end}`)
    },
    /** Prints to stderr what is waited for, and why, so that the user can end it. */
    wait({ request, reason, seconds }: Retry) {
      if (!isJson) console.error(printable(`wait ${seconds} s: ${request}: ${reason}`))
    },
    /** Prints the JSON object, after the transactions. */
    result(members: object) {
      if (isJson) console.log(JSON.stringify(transactions.length > 0 ? { transactions, ...members } : members))
    },
    /** Prints the reason to stderr, and makes the process end with the exit code of its kind. */
    fail({ kind, ...reason }: Reason) {
      process.exitCode = exitCodes[kind]
      const { message, actionId } = reason
      const error = actionId ? { ...reason, message: `${message} Wait with \`action wait ${actionId}\`.` } : reason
      console.error(
        isJson
          ? JSON.stringify({ error, transactions })
          : `error: ${error.message.split('\n').map(printable).join('\n')}`,
      )
    },
  }
}
