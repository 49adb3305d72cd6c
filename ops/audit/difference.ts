/** A value on which a table and the chain disagree. */
export type Difference = { subject: string; field: string; chain: unknown; table: unknown }

/**
 * Compares the fields of `chain` with those of a table's row. Undefined means that there is no row: a row that is
 * missing or should not exist is one difference.
 */
export function differencesOf(
  subject: string,
  chain: Record<string, unknown> | undefined,
  table: Record<string, unknown> | undefined,
): Difference[] {
  if (!chain || !table) {
    return chain === table ? [] : [{ subject, field: 'exists', chain: chain !== undefined, table: table !== undefined }]
  }
  return Object.keys(chain)
    .filter((field) => chain[field] !== table[field])
    .map((field) => ({ subject, field, chain: chain[field], table: table[field] }))
}

/** The difference as one line. */
export function formatDifference({ subject, field, chain, table }: Difference): string {
  return `${subject}: ${field} is ${table} in the table, ${chain} on chain`
}
