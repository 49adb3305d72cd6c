import { execa } from 'execa'

/**
 * The processes that have `text` in their command line or environment, one a line. What a part spawns inherits its
 * environment, so a value that is in no one else's finds it and all that is left of it.
 */
export async function processesWith(text: string): Promise<string[]> {
  const { stdout } = await execa('ps', ['axeww', '-o', 'pid=,command='], { maxBuffer: 50_000_000 })
  return stdout.split('\n').filter((line) => line.includes(text) && !/^\s*\d+ ps /.test(line))
}
