/** An error that the user can correct. Its message says what is wrong, with the value, and what to do. */
export class CommandError extends Error {
  readonly code: string
  /** See `Reason`. */
  readonly kind: 'usage' | 'refused' | 'unreachable'

  constructor(code: string, message: string, options: ErrorOptions & { kind?: CommandError['kind'] } = {}) {
    super(message, options)
    this.name = 'CommandError'
    this.code = code
    this.kind = options.kind ?? 'usage'
  }
}

/** What a command answers to `--dry-run` that cannot say what it would do. @param advice what the user can do. */
export const noDryRun = (command: string, advice: string) =>
  new CommandError('NO_DRY_RUN', `${command} has no --dry-run. ${advice}`)
