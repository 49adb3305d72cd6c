import type { Read } from '../index/reader.ts'

/**
 * A read that is repeated at a block and second gives what it gave there before. For counts that take as long as many
 * pages, and that many pages show.
 */
export function oncePerSecond<T>(read: Read<T>): Read<T> {
  let known: { key: string; data: T } | undefined
  return async (tx, block) => {
    const key = `${block.hash} ${block.now}`
    if (known?.key === key) return known.data
    const data = await read(tx, block)
    known = { key, data }
    return data
  }
}
