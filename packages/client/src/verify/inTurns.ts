/** How many requests one answer makes at once. */
const MAX_CONCURRENT = 20

/** The results of the work on each item, in their order. So many items are worked on at once, then the next. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += MAX_CONCURRENT) {
    results.push(...(await Promise.all(items.slice(start, start + MAX_CONCURRENT).map(work))))
  }
  return results
}
