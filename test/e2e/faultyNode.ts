import { type ChooseFault, type Fault, startRpcProxy } from '../../tools/simulation/faults/rpcProxy.ts'

export type FaultyNode = Awaited<ReturnType<typeof startFaultyNode>>

/** A proxy that passes calls on to the node, except for planned faults. */
export async function startFaultyNode(rpcUrl: string) {
  const planned = new Map<string, Fault[]>()
  let standing: ChooseFault | undefined
  const proxy = await startRpcProxy(
    rpcUrl,
    async (call) => (await standing?.(call)) ?? planned.get(call.method)?.shift(),
  )
  return {
    url: proxy.url,
    counts: proxy.counts,
    stop: proxy.stop,
    /** The next faults of a method; when they are used up, its calls pass. */
    plan(method: string, faults: readonly Fault[]) {
      planned.set(method, [...faults])
    },
    /** Whether every planned fault has happened. */
    isUsedUp: () => [...planned.values()].flat().length === 0,
    /** The fault of all calls until further notice. */
    from(choose: ChooseFault) {
      standing = choose
    },
    /** Ends all faults. @returns the planned faults that did not happen. */
    heal(): Fault[] {
      standing = undefined
      const left = [...planned.values()].flat()
      planned.clear()
      return left
    },
  }
}
