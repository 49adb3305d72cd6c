import autocannon from 'autocannon'
import { createCpuMeter } from './cpuMeter.ts'
import { median, percentile } from './figure.ts'
import { workload } from './workload.ts'

/** Requests per second, and the 50th and 99th percentile of the time to answer in milliseconds. */
export type Load = { rps: number; p50: number; p99: number }

export type Target = {
  url: string
  path: (request: number) => string
  /** JSON to post; without it the request is a GET. */
  body?: ((request: number) => string) | undefined
  headers?: Record<string, string>
}

type Options = {
  connections: number
  seconds: number
  /** Requests a second over all connections; unlimited if absent. */
  rate?: number
}

let sent = 0

/** Sends requests one after the other on each connection, or at the given rate. @throws if an answer is not 2xx. */
export async function load(
  { url, path, body, headers = {} }: Target,
  { connections, seconds, rate }: Options,
): Promise<Load> {
  const times: number[] = []
  const setupRequest = (request: autocannon.Request) => {
    const n = sent++
    return {
      ...request,
      path: path(n),
      headers,
      ...(body !== undefined && {
        method: 'POST' as const,
        body: body(n),
        headers: { ...headers, 'content-type': 'application/json' },
      }),
    }
  }
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>()
  const settle = (error: unknown, result: autocannon.Result) => (error ? reject(error) : resolve(result))
  const options = {
    url,
    connections,
    duration: seconds,
    requests: [{ setupRequest }],
    ...(rate && { overallRate: rate }),
  }
  const instance = autocannon(options, settle)
  // Autocannon's own histogram has whole milliseconds only.
  instance.on('response', (_client, _status, _bytes, milliseconds) => times.push(milliseconds))
  const { non2xx, errors, timeouts, duration } = await promise
  const failed = non2xx + errors + timeouts
  if (failed > 0) throw new Error(`${failed} of ${times.length} requests failed: ${url}${path(sent)}`)
  return { rps: times.length / duration, p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}

/**
 * Loads each target in every round, so that other load on the machine affects all alike.
 * @param pids the processes whose CPU shares are measured, by name.
 * @returns the medians, and what each target used of the CPU.
 */
export async function alternate<Name extends string>(
  targets: Record<Name, Target>,
  options: Options,
  { rounds = workload.rounds, pids = {} }: { rounds?: number; pids?: Record<string, number> } = {},
): Promise<Record<Name, Load & { cpu: string }>> {
  const names = Object.keys(targets) as Name[]
  const taken = new Map(names.map((name) => [name, { loads: [] as Load[], meter: createCpuMeter() }]))
  for (const name of names) await load(targets[name], { ...options, seconds: 1 })
  for (let round = 1; round <= rounds; round++) {
    for (const [name, { loads, meter }] of taken) {
      loads.push(await meter.during(pids, () => load(targets[name], options)))
    }
    console.log(`  round ${round} of ${rounds}: ${names.join(', ')}`)
  }
  const middle = (loads: Load[]) => ({
    rps: median(loads.map(({ rps }) => rps)),
    p50: median(loads.map(({ p50 }) => p50)),
    p99: median(loads.map(({ p99 }) => p99)),
  })
  const medians = [...taken].map(([name, { loads, meter }]) => [name, { ...middle(loads), cpu: meter.shares() }])
  return Object.fromEntries(medians)
}
