import { setTimeout as sleep } from 'node:timers/promises'
import { type Hex, hexToBigInt, numberToHex } from 'viem'
import { startHttpProxy } from './httpProxy.ts'
import { answerAsOf, callAsOf, type RpcCall } from './staleNode.ts'

export type Reply = { result: unknown } | { error: { code: number; message: string; data?: Hex } }

/** A fault of one call between client and node. Faults are counted by `kind`. */
export type Fault =
  /** The call is passed on late. */
  | { kind: 'delay'; milliseconds: number }
  /** The connection closes before the node gets the call. */
  | { kind: 'refuse' }
  /** The node gets the call, and the connection closes before its answer. */
  | { kind: 'drop' }
  /** The call is never answered. */
  | { kind: 'hang' }
  /** The connection is reset before the node gets the call. */
  | { kind: 'reset' }
  /** A gateway answers instead of the node: with 429 or 503 for example, or with 200 and a page of HTML. */
  | { kind: `status ${number}`; status: number; retryAfter?: number }
  /** The node is of another chain: after a failover, an endpoint may lead to it. */
  | { kind: 'wrong chain'; chainId: number }
  /** The client gets the first half of the node's answer. */
  | { kind: 'truncate' }
  /** The node answers that it has no such block. */
  | { kind: 'null block' }
  /** The node has the block, with a bloom filter that shows logs, but returns no logs yet. */
  | { kind: 'no logs' }
  /** The node is `blocks` behind, and answers as of its own latest block. */
  | { kind: 'stale'; blocks: number }
  /** The node's latest block has this many blocks and seconds more than its true one. Its other answers are true. */
  | { kind: 'forged head'; blocks: number; seconds: number }
  /** The node's transaction count of an account is off by this, but never below zero. */
  | { kind: 'nonce'; by: number }
  /** The node sends this reply, true or not. */
  | { kind: 'reply'; reply: Reply }

/** Chooses the fault of a call; undefined passes the call on. */
export type ChooseFault = (call: RpcCall) => Fault | undefined | Promise<Fault | undefined>

/** The node refuses the call with this message. */
export const says = (message: string, code = -32_000): Fault => ({ kind: 'reply', reply: { error: { code, message } } })

/** A gateway answers with this HTTP status. @param retryAfter in seconds, for the header of that name. */
export const status = (code: number, retryAfter?: number): Fault => ({
  kind: `status ${code}`,
  status: code,
  ...(retryAfter !== undefined && { retryAfter }),
})

/** What was asked since the last `reset`: calls by their method, those of batches too, and bytes of both directions. */
type Use = { calls: Map<string, number>; bytes: number }

export const countCalls = ({ calls }: Use): number => [...calls.values()].reduce((sum, count) => sum + count, 0)

export type RpcProxy = Awaited<ReturnType<typeof startRpcProxy>>

/**
 * A JSON-RPC endpoint that passes calls on to `target`, except for the faults. The calls of a batch are passed on one
 * by one; a fault that breaks the connection breaks it for all of them.
 * @param choose the fault of each call, until `from` gives another; none if absent.
 */
export async function startRpcProxy(target: string, choose: ChooseFault = () => undefined) {
  const counts = new Map<Fault['kind'], number>()
  const planned = new Map<string, Fault[]>()
  let standing: ChooseFault | undefined = choose
  let use: Use = { calls: new Map(), bytes: 0 }
  const json = { 'Content-Type': 'application/json' }

  const proxy = await startHttpProxy(target, async ({ body }, forward) => {
    // The path of a provider's URL, with its key, is not the node's.
    const ask = async (call: RpcCall) => (await forward({ path: '', headers: json, body: JSON.stringify(call) })).body
    const asked = JSON.parse(body) as RpcCall | RpcCall[]
    const calls = [asked].flat()
    for (const { method } of calls) use.calls.set(method, (use.calls.get(method) ?? 0) + 1)
    // A call without parameters may omit `params`.
    const answers = await Promise.all(calls.map((call) => answerTo({ ...call, params: call.params ?? [] }, ask)))
    const broken = answers.find((answer) => typeof answer !== 'string')
    if (broken) return breakOff(broken)
    const answer = Array.isArray(asked) ? `[${answers}]` : String(answers[0])
    use.bytes += Buffer.byteLength(body) + Buffer.byteLength(answer)
    return { status: 200, headers: json, body: answer }
  })

  /** @returns the fault if the client gets no answer from a node. */
  async function answerTo(call: RpcCall, ask: Ask): Promise<string | Fault> {
    const fault = (await standing?.(call)) ?? planned.get(call.method)?.shift()
    if (!fault) return ask(call)
    counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1)
    if (fault.kind === 'hang' || fault.kind === 'refuse' || fault.kind === 'reset' || 'status' in fault) return fault
    if ('reply' in fault) return JSON.stringify({ jsonrpc: '2.0', id: call.id, ...fault.reply })
    // It does not keep a process that ends.
    if (fault.kind === 'delay') await sleep(fault.milliseconds, undefined, { ref: false })
    const answer = fault.kind === 'stale' ? await askStale(call, fault.blocks, ask) : await ask(call)
    return fault.kind === 'drop' ? fault : spoil(answer, fault, call)
  }

  return {
    ...proxy,
    /** The number of calls per kind of fault. */
    counts: counts as ReadonlyMap<string, number>,
    use: () => use,
    reset() {
      use = { calls: new Map(), bytes: 0 }
    },
    /** The next faults of a method; when they are used up, its calls pass. */
    plan(method: string, faults: readonly Fault[]) {
      planned.set(method, [...faults])
    },
    /** Whether every planned fault has happened. */
    isUsedUp: () => [...planned.values()].flat().length === 0,
    /** The fault of all calls until further notice. */
    from(next: ChooseFault) {
      standing = next
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

type Ask = (call: RpcCall) => Promise<string>

async function askStale(call: RpcCall, blocks: number, ask: Ask): Promise<string> {
  const latest = JSON.parse(await ask({ ...call, method: 'eth_blockNumber', params: [] })) as { result: Hex }
  const number = hexToBigInt(latest.result) - BigInt(blocks)
  const head = number < 0n ? 0n : number
  return answerAsOf(head, call, await ask(callAsOf(head, call)))
}

function breakOff(fault: Fault) {
  if (fault.kind === 'hang' || fault.kind === 'reset') return fault.kind
  if (!('status' in fault)) return 'close'
  const { status, retryAfter } = fault
  const headers = {
    'Content-Type': 'text/html',
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
  }
  return { status, headers, body: '<html><h1>The gateway is not well</h1></html>' }
}

function spoil(answer: string, fault: Fault, { id, method, params }: RpcCall): string {
  const reply = (result: unknown) => JSON.stringify({ jsonrpc: '2.0', id, result })
  switch (fault.kind) {
    case 'truncate':
      return answer.slice(0, answer.length / 2)
    case 'null block':
      return reply(null)
    case 'no logs':
      return reply([])
    case 'wrong chain':
      return method === 'eth_chainId' ? reply(numberToHex(fault.chainId)) : answer
    case 'forged head': {
      if (method !== 'eth_getBlockByNumber' || params[0] !== 'latest') return answer
      const { result } = JSON.parse(answer)
      const number = numberToHex(Number(result.number) + fault.blocks)
      return reply({ ...result, number, timestamp: numberToHex(Number(result.timestamp) + fault.seconds) })
    }
    case 'nonce':
      return reply(numberToHex(Math.max(0, Number(JSON.parse(answer).result) + fault.by)))
  }
  return answer
}
