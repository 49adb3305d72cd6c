/** Reads of one client while another, of another address, asks expensive questions on many connections. */
import type { Measurement } from './figure.ts'
import { type Load, load, type Target } from './load.ts'

/** Proxies name the client in X-Forwarded-For; the API is started with TRUST_PROXY=1. */
const addressed = (address: string) => ({ 'x-forwarded-for': address })

const flood = { connections: 30, address: '198.51.100.1' }
const honest = { connections: 2, rate: 50, address: '203.0.113.1' }

/** @param attacks the questions of the flood, by name. */
export async function fairness(
  url: string,
  question: (n: number) => string,
  attacks: Record<string, (n: number) => string>,
  seconds: number,
): Promise<Measurement[]> {
  const ours: Target = { url, path: question, headers: addressed(honest.address) }
  const options = { ...honest, seconds }
  const alone = await load(ours, options)
  const measurements: Measurement[] = []
  for (const [name, path] of Object.entries(attacks)) {
    // The flood begins before the honest client, and ends after it.
    const attack = load({ url, path, headers: addressed(flood.address) }, { ...flood, seconds: seconds + 2 })
    const [beside] = await Promise.all([load(ours, options), attack])
    measurements.push(...figuresOf(name, beside, alone))
  }
  return measurements
}

const figuresOf = (name: string, beside: Load, alone: Load): Measurement[] => [
  { figure: `beside ${name}, p50`, unit: 'ms', value: beside.p50, baseline: alone.p50, goal: { atMost: 50 } },
  { figure: `beside ${name}, p99`, unit: 'ms', value: beside.p99, baseline: alone.p99, goal: { atMost: 250 } },
]
