import { type DestinationStream, type Level, type Logger, pino } from 'pino'
import { describeError } from './describeError.ts'
import { createSecretFilter } from './urlSecrets.ts'

type Options = {
  level: Level | 'silent'
  /** The endpoints of the chain. No line contains the keys in them, even if a node repeats them. */
  rpcUrls: readonly string[]
  /** Standard output if absent. */
  destination?: DestinationStream
}

/** Creates the log of a process. Errors are redacted: see `describeError`. */
export function createLogger({ level, rpcUrls, destination }: Options): Logger {
  const options: pino.LoggerOptions = {
    level,
    serializers: { err: (error: unknown) => describeError(error) },
    hooks: {
      /** Where only an error is logged, pino would use its message without redacting it. */
      logMethod(args, method) {
        const [first, ...rest] = args as unknown[]
        const logged = first instanceof Error ? [{ err: first }, ...(rest.length > 0 ? rest : [first.name])] : args
        method.apply(this, logged as typeof args)
      },
      streamWrite: createSecretFilter(rpcUrls),
    },
  }
  return destination ? pino(options, destination) : pino(options)
}
