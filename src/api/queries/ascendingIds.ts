/** Lists of ids in ascending order, without duplicates. */

/** How many ids are less. */
export function placeOf(ascending: Uint32Array, id: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] as number) < id) low = middle + 1
    else high = middle
  }
  return low
}

/** The ids of both lists. */
export function union(ascending: Uint32Array, others: readonly number[]): Uint32Array {
  const added = others.filter((id) => ascending[placeOf(ascending, id)] !== id)
  if (added.length === 0) return ascending
  const ids = new Uint32Array(ascending.length + added.length)
  ids.set(ascending)
  ids.set(added, ascending.length)
  // Most are of new runs, which are greater already. To sort a million takes 50 ms.
  return (added[0] as number) > (ascending.at(-1) ?? 0) ? ids : ids.sort()
}
