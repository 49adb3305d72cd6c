import pg from 'pg'

/** The name of each statement, so that it is parsed and planned once for a connection. */
const names = new Map<string, string>()

function nameOf(text: string): string {
  const name = names.get(text) ?? `relay ${names.size + 1}`
  names.set(text, name)
  return name
}

/**
 * A connection that prepares every statement with parameters: planning takes PostgreSQL longer than most of them take.
 * For texts that are constants of the program, and that name their columns: a prepared `*` fails once a newer build has
 * added one.
 */
export class PreparingClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: all overloads of the original pass through
  override query(...args: any[]): any {
    const [text, values, ...rest] = args
    const isPlain = typeof text === 'string' && Array.isArray(values)
    const query = super.query as (...args: unknown[]) => unknown
    return isPlain ? query.call(this, { name: nameOf(text), text, values }, ...rest) : query.apply(this, args)
  }
}
