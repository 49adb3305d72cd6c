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

/** A value of a line is cut after so many characters: a client chooses the length of its path, and of the ids in it. */
const MAX_VALUE_CHARACTERS = 300

/** Creates the log of a process. Errors are redacted, and values are cut: see `describeError`, which bounds errors. */
export function createLogger({ level, rpcUrls, destination }: Options): Logger {
  const options: pino.LoggerOptions = {
    level,
    serializers: { err: (error: unknown) => describeError(error) },
    formatters: { log: cutValues },
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

function cutValues(line: Record<string, unknown>): Record<string, unknown> {
  const isLong = (value: unknown): value is string => typeof value === 'string' && value.length > MAX_VALUE_CHARACTERS
  if (!Object.values(line).some(isLong)) return line
  return Object.fromEntries(Object.entries(line).map(([name, value]) => [name, isLong(value) ? cut(value) : value]))
}

const cut = (value: string) => `${value.slice(0, MAX_VALUE_CHARACTERS)}… (${value.length} characters)`
