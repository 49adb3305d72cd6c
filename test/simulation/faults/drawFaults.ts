import { type Fault, status } from '../../support/rpcProxy.ts'
import type { RpcCall } from '../../support/staleNode.ts'
import { createRandom, type Random, seedOf } from '../random.ts'

type FaultOptions = {
  seed: number
  /** The share of calls that meet a fault, from 0 to 1. */
  probability: number
}

/** How often each fault is drawn, among those that apply to the call. */
const weights = {
  delay: 20,
  drop: 12,
  refuse: 12,
  reset: 12,
  'status 200': 6,
  'status 429': 8,
  'status 502': 6,
  'status 503': 6,
  truncate: 12,
  'null block': 12,
  'no logs': 30,
  stale: 10,
  'wrong chain': 2,
  slow: 1,
  hang: 1,
}

type Drawn = keyof typeof weights

/**
 * Faults of an unreliable network and provider. The fault of a call depends on the random seed, the call and the number
 * of equal calls before it, not on other calls in between, so that the same random seed draws the same faults.
 */
export function drawFaults({ seed, probability }: FaultOptions): (call: RpcCall) => Fault | undefined {
  const seen = new Map<string, number>()
  return (call) => {
    const subject = JSON.stringify([call.method, call.params])
    const times = seen.get(subject) ?? 0
    seen.set(subject, times + 1)
    const random = createRandom(seedOf(seed, `${subject} ${times}`))
    return random.chance(probability) ? draw(random, call) : undefined
  }
}

function draw(random: Random, call: RpcCall): Fault {
  const kind = random.weighted(weightsOf(call))
  switch (kind) {
    case 'delay':
      return { kind, milliseconds: random.int(20, 1_000) }
    case 'stale':
      return { kind, blocks: random.int(1, 4) }
    case 'slow':
      return { kind: 'delay', milliseconds: 10_000 }
    case 'wrong chain':
      return { kind, chainId: 1 }
    case 'status 429':
      return status(429, random.chance(0.5) ? random.int(1, 3) : undefined)
    case 'status 200':
    case 'status 502':
    case 'status 503':
      return status(Number(kind.slice('status '.length)))
    default:
      return { kind }
  }
}

function weightsOf({ method, params }: RpcCall): Record<Drawn, number> {
  const [first] = params
  const isLatest = method === 'eth_getBlockByNumber' && first === 'latest'
  // For a range of blocks, neither Ponder nor any other indexer can detect that logs are missing.
  const isLogsOfBlock = method === 'eth_getLogs' && typeof first === 'object' && first !== null && 'blockHash' in first
  return {
    ...weights,
    'null block': method.startsWith('eth_getBlockBy') ? weights['null block'] : 0,
    stale: isLatest || method === 'eth_blockNumber' ? weights.stale : 0,
    'wrong chain': method === 'eth_chainId' ? weights['wrong chain'] : 0,
    'no logs': isLogsOfBlock ? weights['no logs'] : 0,
  }
}
