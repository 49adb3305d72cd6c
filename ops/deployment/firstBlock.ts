/**
 * The first block at which `holds` is true. It must be true at `head`, and stay true once it is. The search doubles its
 * step backwards and then bisects, so it reads no further back than twice the distance from `head` to the result.
 * @throws if the endpoint no longer has the state of a block that the search reads.
 */
export async function firstBlock(head: bigint, holds: (block: bigint) => Promise<boolean>): Promise<bigint> {
  let present = head
  let absent = -1n
  for (let back = 1n; back <= head; back *= 2n) {
    if (!(await holds(head - back))) {
      absent = head - back
      break
    }
    present = head - back
  }
  while (present - absent > 1n) {
    const middle = (absent + present) / 2n
    if (await holds(middle)) present = middle
    else absent = middle
  }
  return present
}
