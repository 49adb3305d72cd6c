/** A line for each field in which `actual` differs from `expected`; fields that `expected` lacks do not count. */
export function compare(subject: string, expected: Record<string, unknown>, actual: Record<string, unknown>): string[] {
  return Object.keys(expected)
    .filter((field) => expected[field] !== actual[field])
    .map((field) => `${subject}.${field}: expected ${expected[field]}, got ${actual[field]}`)
}
