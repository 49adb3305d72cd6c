/** A place where a table and the chain disagree. */
export type Difference = { subject: string; field: string; chain: unknown; table: unknown }

/**
 * The fields in which a row differs from what the chain says, of those that both know. Undefined means that there is
 * none: a row that should not be, or is missing, is one difference.
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

/** As one line. */
export function formatDifference({ subject, field, chain, table }: Difference): string {
  return `${subject}: ${field} is ${table} in the table, ${chain} on chain`
}
