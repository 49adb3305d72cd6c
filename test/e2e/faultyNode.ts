import { type ChooseFault, type Fault, startRpcProxy } from '../../sim/faults/rpcProxy.ts'

export type FaultyNode = Awaited<ReturnType<typeof startFaultyNode>>

/** A node whose calls go through, but for what a test plans. */
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
    /** The next faults of a method; when they are used up, its calls go through. */
    plan(method: string, faults: readonly Fault[]) {
      planned.set(method, [...faults])
    },
    /** Whether every planned fault has happened. */
    isUsedUp: () => [...planned.values()].flat().length === 0,
    /** What goes for all calls until further notice. */
    from(choose: ChooseFault) {
      standing = choose
    },
    /** The node is well again. @returns the faults that were planned and never came to pass. */
    heal(): Fault[] {
      standing = undefined
      const left = [...planned.values()].flat()
      planned.clear()
      return left
    },
  }
}
