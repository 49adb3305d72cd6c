/**
 * The first block at which something is so that is so at `head` and, once so, has stayed so. Looks back in growing
 * steps and then bisects, so that an endpoint needs to remember no more than twice as far back as the block is.
 * @throws if the endpoint no longer knows a block that is looked at.
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
