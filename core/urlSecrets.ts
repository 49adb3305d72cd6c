/** Shorter parts of a URL, such as `v2`, are not keys. */
const MIN_KEY_CHARACTERS = 6

/**
 * Creates a filter that redacts the parts of URLs that may be keys. A node repeats them, as in `Cannot POST
 * /v2/<key>`.
 */
export function createSecretFilter(rpcUrls: readonly string[]): (text: string) => string {
  const parts = rpcUrls.map((url) => new URL(url)).flatMap(partsOf)
  const secrets = new Set(parts.filter(({ length }) => length >= MIN_KEY_CHARACTERS))
  // The longest first, because it may contain a shorter one.
  const longestFirst = [...secrets].sort((one, other) => other.length - one.length)
  return (text) => longestFirst.reduce((left, secret) => left.replaceAll(secret, '[redacted]'), text)
}

const partsOf = ({ username, password, pathname, searchParams }: URL) => [
  username,
  password,
  ...pathname.split('/'),
  ...searchParams.values(),
]

/** Applies the filter to all texts of an error and its causes, in place, for logs that other libraries write. */
export function filterError(error: unknown, filter: (text: string) => string): void {
  if (typeof error !== 'object' || error === null) return
  for (const key of Object.getOwnPropertyNames(error)) {
    const value = Reflect.get(error, key)
    if (typeof value === 'string') Reflect.set(error, key, filter(value))
    else if (key === 'cause') filterError(value, filter)
    else if (key === 'metaMessages' && Array.isArray(value)) Reflect.set(error, key, value.map(String).map(filter))
  }
}
