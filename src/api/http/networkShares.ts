import { networksOf } from './clientAddress.ts'

type Limits = {
  /** How many one client may have open: an IPv4 address, or an IPv6 /64. */
  perClient: number
  /** How many all clients of an IPv6 /48 may have open: providers give one to any customer. */
  perNetwork: number
}

/** Of all that a process has, one client gets a tenth, and the clients of one /48 a quarter: at least one each. */
export const sharesOf = (most: number): Limits => ({
  perClient: Math.ceil(most / 10),
  perNetwork: Math.ceil(most / 4),
})

/** Counts what clients have open, such as connections, and says which of them has its share. */
export function createNetworkShares({ perClient, perNetwork }: Limits) {
  const open = new Map<string, number>()

  function change(client: string, by: 1 | -1) {
    for (const name of networksOf(client)) {
      const count = (open.get(name) ?? 0) + by
      if (count === 0) open.delete(name)
      else open.set(name, count)
    }
  }

  return {
    /** The client, or its network, that has as many open as it may; undefined if the client may open one more. */
    full(client: string): { name: string; limit: number } | undefined {
      const counted = networksOf(client).map((name, place) => ({ name, limit: place === 0 ? perClient : perNetwork }))
      return counted.find(({ name, limit }) => (open.get(name) ?? 0) >= limit)
    },
    add: (client: string) => change(client, 1),
    remove: (client: string) => change(client, -1),
  }
}
