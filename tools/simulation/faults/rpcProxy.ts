import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Hex, hexToBigInt, numberToHex } from 'viem'
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

export type RpcProxy = Awaited<ReturnType<typeof startRpcProxy>>

/** The node refuses the call with this message. */
export const says = (message: string, code = -32_000): Fault => ({ kind: 'reply', reply: { error: { code, message } } })

/** A gateway answers with this HTTP status. @param retryAfter in seconds, for the header of that name. */
export const status = (code: number, retryAfter?: number): Fault => ({
  kind: `status ${code}`,
  status: code,
  ...(retryAfter !== undefined && { retryAfter }),
})

/**
 * A JSON-RPC endpoint that passes calls on to `target`, except for the faults. The calls of a batch are passed on one
 * by one; a fault that breaks the connection breaks it for all of them.
 */
export async function startRpcProxy(target: string, choose: ChooseFault) {
  const counts = new Map<Fault['kind'], number>()
  const ending = new AbortController()

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const body = JSON.parse((await request.toArray()).join('')) as RpcCall | RpcCall[]
    // A call without parameters may omit `params`.
    const answers = await Promise.all([body].flat().map((call) => answerTo({ ...call, params: call.params ?? [] })))
    const broken = answers.find((answer) => typeof answer !== 'string')
    if (broken) return breakOff(response, broken)
    response.setHeader('Content-Type', 'application/json').end(Array.isArray(body) ? `[${answers}]` : answers[0])
  }

  /** @returns the fault if the client gets no answer from a node. */
  async function answerTo(call: RpcCall): Promise<string | Fault> {
    const fault = await choose(call)
    if (!fault) return ask(call)
    counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1)
    if (fault.kind === 'hang' || fault.kind === 'refuse' || fault.kind === 'reset' || 'status' in fault) return fault
    if ('reply' in fault) return JSON.stringify({ jsonrpc: '2.0', id: call.id, ...fault.reply })
    if (fault.kind === 'delay') await sleep(fault.milliseconds, undefined, { signal: ending.signal })
    const answer = fault.kind === 'stale' ? await askStale(call, fault.blocks) : await ask(call)
    return fault.kind === 'drop' ? fault : spoil(answer, fault, call)
  }

  async function ask(call: RpcCall): Promise<string> {
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch(target, { method: 'POST', headers, body: JSON.stringify(call), signal: ending.signal })
    return response.text()
  }

  async function askStale(call: RpcCall, blocks: number): Promise<string> {
    const latest = JSON.parse(await ask({ ...call, method: 'eth_blockNumber', params: [] })) as { result: Hex }
    const number = hexToBigInt(latest.result) - BigInt(blocks)
    const head = number < 0n ? 0n : number
    return answerAsOf(head, call, await ask(callAsOf(head, call)))
  }

  const server = createServer((request, response) => {
    // A call that cannot be passed on looks to the client like a broken connection, also while the proxy is stopping.
    serve(request, response).catch((error) => response.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    /** The number of calls per kind of fault. */
    counts: counts as ReadonlyMap<string, number>,
    async stop() {
      ending.abort()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function breakOff(response: ServerResponse, fault: Fault) {
  if (fault.kind === 'hang') return
  if ('status' in fault) {
    const { status, retryAfter } = fault
    if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter)
    response.writeHead(status, { 'Content-Type': 'text/html' }).end('<html><h1>The gateway is not well</h1></html>')
  } else if (fault.kind === 'reset') response.socket?.resetAndDestroy()
  // The request's own `destroy` leaves the socket open once its body has been read.
  else response.destroy()
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
