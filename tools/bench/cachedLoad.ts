import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const script = fileURLToPath(new URL('cachedLoad.lua', import.meta.url))

type Order = {
  url: string
  /** Each request asks for one of so many lists, at random. */
  lists: number
  connections: number
  /** How long a connection pauses after an answer. */
  pauseMs: number
  seconds: number
}

/** Answers a second, and how many requests got an error or no answer. */
type Answers = { rps: number; failed: number }

/**
 * Sends GETs with wrk, of Debian's package wrk. It is written in C: the load shares the cores with what answers it, and a client
 * in JavaScript takes a core of its own for ten thousand requests a second.
 */
export function startCachedLoad({ url, lists, connections, pauseMs, seconds }: Order) {
  const flags = ['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`]
  const child = execa('wrk', [...flags, '--script', script, url, '--', String(lists), String(pauseMs)])
  const ended = endOf(child)
  // A caller that awaits the end gets the error; without one, the error must not end the bench.
  ended.catch(() => undefined)
  return { pid: child.pid ?? 0, ended }
}

/** @throws if wrk is not installed, or ends without its counts. */
async function endOf(child: Promise<{ stdout: string }>): Promise<Answers> {
  const { stdout } = await child.catch((cause) => {
    throw new Error("wrk, of Debian's package wrk, did not run to its end", { cause })
  })
  const counts = stdout.trim().split('\n').at(-1) ?? ''
  if (!counts.startsWith('{')) throw new Error(`wrk ended without its counts: ${stdout}`)
  return JSON.parse(counts)
}
