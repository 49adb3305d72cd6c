import { execa } from 'execa'

type Order = {
  url: string
  /** Each connection asks for these one after the other, and then begins again. */
  paths: string[]
  connections: number
  /** Requests a second over all connections. */
  rate: number
  seconds: number
}

type Answers = {
  /** Answers a second. */
  rps: number
  /** How many answers had each class of HTTP status, such as 2xx, and how many requests had no answer. */
  counts: Record<string, number>
}

/**
 * Sends GETs at a rate with h2load, of Debian's package nghttp2-client. It is written in C: the load shares the cores with what
 * answers it, and a client in JavaScript takes a core of its own for ten thousand requests a second.
 */
export function startCachedLoad({ url, paths, connections, rate, seconds }: Order) {
  const flags = [`--clients=${connections}`, `--rps=${rate / connections}`, `--duration=${seconds}`]
  const child = execa('h2load', ['--h1', ...flags, '--input-file=-'], {
    input: paths.map((path) => `${url}${path}\n`).join(''),
  })
  const ended = endOf(child)
  // A caller that awaits the end gets the error; without one, the error must not end the bench.
  ended.catch(() => undefined)
  return { pid: child.pid ?? 0, ended }
}

/** @throws if h2load is not installed, or ends without its counts. */
async function endOf(child: Promise<{ stdout: string }>): Promise<Answers> {
  const { stdout } = await child.catch((cause) => {
    throw new Error('h2load, of the package nghttp2-client, did not run to its end', { cause })
  })
  const rps = /, ([\d.]+) req\/s/.exec(stdout)?.[1]
  const counts = [...stdout.matchAll(/(\d+) (\dxx|failed)/g)].map(([, count, name]) => [name, Number(count)])
  if (rps === undefined || counts.length === 0) throw new Error(`h2load ended without its counts: ${stdout}`)
  return { rps: Number(rps), counts: Object.fromEntries(counts) }
}
