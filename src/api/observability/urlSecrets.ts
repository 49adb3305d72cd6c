/** Shorter parts of a URL, such as `v2`, are no keys. Characters. */
const SHORTEST_KEY = 6

/** Removes from a text the parts of a URL that may be keys, as a node repeats them in `Cannot POST /v2/<key>`. */
export function createSecretFilter(rpcUrl: string): (text: string) => string {
  const { username, password, pathname, searchParams } = new URL(rpcUrl)
  const parts = [username, password, ...pathname.split('/'), ...searchParams.values()]
  const secrets = new Set(parts.filter(({ length }) => length >= SHORTEST_KEY))
  // The longest first: a shorter one may be a part of it.
  const longestFirst = [...secrets].sort((one, other) => other.length - one.length)
  return (text) => longestFirst.reduce((left, secret) => left.replaceAll(secret, '[redacted]'), text)
}

/** Does so in all texts of an error and its causes, for a log that is not ours. The error stays the same object. */
export function filterError(error: unknown, filter: (text: string) => string): void {
  if (typeof error !== 'object' || error === null) return
  for (const key of Object.getOwnPropertyNames(error)) {
    const value = Reflect.get(error, key)
    if (typeof value === 'string') Reflect.set(error, key, filter(value))
    else if (key === 'cause') filterError(value, filter)
    else if (key === 'metaMessages' && Array.isArray(value)) Reflect.set(error, key, value.map(String).map(filter))
  }
}
