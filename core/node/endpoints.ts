import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type Hex, hexToNumber } from 'viem'
import { type Endpoint, GENESIS, listEndpoints, logState, type State } from './endpoint.ts'
import { compareHeads, HEAD_LIFETIME_MS, type Head, headOf, isImpossible } from './head.ts'
import { NodeOutage, retryAfterOf } from './outage.ts'

/** How often each endpoint's chain and head are checked while there are requests. */
const CHECK_INTERVAL_MS = 3_000

/** The same for a single endpoint on its chain. It is behind no other, so a check finds only that it serves another chain. */
const SINGLE_CHECK_INTERVAL_MS = 30_000

/** How soon an endpoint that is behind, or refuted, is checked again when it is needed. */
const REJECTED_INTERVAL_MS = 250

/** How long a request waits for a check. */
const CHECK_WAIT_MS = 2_000

/** A check without an answer for so long is sent again, beside the first: a node that had hung answers the second. */
const CHECK_RESEND_MS = 1_500

/** After a failure, an endpoint is not used for so long, and twice as long after each further failure in a row. */
const FIRST_REST_MS = 1_000
const LONGEST_REST_MS = 8_000

/** `Retry-After` is obeyed up to so long: the index must be current 15 seconds after the node's first answer. */
const LONGEST_RETRY_AFTER_MS = 10_000

type Options = {
  rpcUrls: readonly string[]
  /** The chain that each endpoint must serve. */
  chainId: number
  logger: Logger
}

export type Endpoints = ReturnType<typeof createEndpoints>

/**
 * The endpoints of RPC_URL, and which of them may be used now. Clients with the same endpoints share this choice.
 * The API has one for all its clients; the indexer has one for Ponder, and one for its other checks.
 *
 * The first usable endpoint of the list is used. It serves the right chain, which is checked before its first request
 * and after each of its failures, and its head is not behind that of any sibling. So when another endpoint takes over,
 * it has every block that this process has seen: no answer is older than one before it, and no node that is behind looks
 * like a reorg. If no endpoint has the latest block, requests fail until one has it. A block counts once an endpoint has
 * shown its header. A number alone may be wrong, or of a block that the node does not have yet, and then every true answer
 * would count as one of a node that is behind.
 *
 * A header may be wrong too: an endpoint whose head is refuted by its siblings is not used, and no other is behind it.
 *
 * viem's `rank` does not fit: it ranks by latency and by failures of the last ten pings, compares no heads, falls back
 * to nodes that are behind, and cannot be stopped.
 */
export function createEndpoints({ rpcUrls, chainId, logger }: Options) {
  const list: readonly Endpoint[] = listEndpoints(rpcUrls)
  const now = () => performance.now()
  const { isRefuted, latestOf } = compareHeads(list, chainId)
  /** The highest block that any endpoint has shown, and when it was last shown. */
  let highest: { head: Head; by?: Endpoint; at: number } = { head: GENESIS, at: Number.NEGATIVE_INFINITY }

  function enter(endpoint: Endpoint, state: State, error?: unknown) {
    if (endpoint.state === state) return
    endpoint.state = state
    logState(logger, endpoint, { chainId, latest: latestOf(endpoint) }, error)
  }

  /** Reads its chain and its head. Callers share a check, unless it has been without an answer for long. */
  function check(endpoint: Endpoint): Promise<void> {
    const { checking } = endpoint
    if (checking && now() - checking.startedAt < CHECK_RESEND_MS) return checking.result
    const started = { startedAt: now(), result: readState(endpoint) }
    endpoint.checking = started
    const forget = () => {
      if (endpoint.checking === started) delete endpoint.checking
    }
    started.result.then(forget, forget)
    return started.result
  }

  async function readState(endpoint: Endpoint) {
    const startedAt = now()
    try {
      const [actual, latest] = await Promise.all([
        endpoint.node.request({ method: 'eth_chainId' }),
        endpoint.node.request({ method: 'eth_getBlockByNumber', params: ['latest', false] }),
      ])
      endpoint.chainId = hexToNumber(actual as Hex)
      const head = headOf(latest)
      if (endpoint.chainId !== chainId) enter(endpoint, 'wrong chain')
      else saw(endpoint, head)
      endpoint.checkedAt = now()
    } catch (error) {
      // After a hang, a later check has its answer before the earlier one times out.
      if (endpoint.answeredAt < startedAt) failed(endpoint, error)
      throw error
    }
  }

  /** @param head its latest block, if its answer says it. */
  function saw(endpoint: Endpoint, head: Head | undefined) {
    endpoint.answeredAt = now()
    if (head === undefined) return
    endpoint.head = head
    // This head may refute a sibling's.
    for (const other of list) if (isRefuted(other)) enter(other, 'refuted')
    if (isRefuted(endpoint)) return
    const isHighest =
      head.number >= highest.head.number ||
      now() - highest.at > HEAD_LIFETIME_MS ||
      (highest.by !== endpoint && isImpossible(highest.head, head))
    if (isHighest) highest = { head, by: endpoint, at: now() }
  }

  function failed(endpoint: Endpoint, error: unknown) {
    // Requests that fail together are one failure.
    if (!isResting(endpoint)) {
      endpoint.restsUntil = now() + Math.min(FIRST_REST_MS * 2 ** endpoint.failures, LONGEST_REST_MS)
      endpoint.failures += 1
    }
    endpoint.limitedUntil = now() + Math.min(retryAfterOf(error), LONGEST_RETRY_AFTER_MS)
    endpoint.checkedAt = Number.NEGATIVE_INFINITY
    enter(endpoint, 'failing', error)
  }

  const isResting = ({ restsUntil }: Endpoint) => now() < restsUntil
  const mayReplace = (other: Endpoint) => !isResting(other) && (other.chainId ?? chainId) === chainId

  const wrongChain = (endpoint: Endpoint) =>
    new NodeOutage(`${endpoint.name} serves chain ${endpoint.chainId}, not ${chainId}`)

  const refuted = ({ name, head }: Endpoint) =>
    new NodeOutage(`${name} shows block ${head.number}, which is impossible by the other endpoints`)

  const hasBeenChecked = ({ checkedAt }: Endpoint) => checkedAt > Number.NEGATIVE_INFINITY

  /** In the background: its result is for later requests. `readState` stores a failure. */
  function checkIfDue(endpoint: Endpoint) {
    const isSingle = list.length === 1 && endpoint.chainId === chainId
    if (now() - endpoint.checkedAt > (isSingle ? SINGLE_CHECK_INTERVAL_MS : CHECK_INTERVAL_MS))
      check(endpoint).catch(() => undefined)
  }

  return {
    list,

    /**
     * Resolves if the endpoint may get a request now. If its chain is not known since it failed, it is checked first.
     * @param block the request is about blocks up to this one: an endpoint without it would answer as if it were empty.
     * @throws NodeOutage saying why it may not be used.
     */
    async admit(endpoint: Endpoint, block = 0): Promise<void> {
      const { name } = endpoint
      if (now() < endpoint.limitedUntil) throw new NodeOutage(`${name} limits requests`)
      if (isResting(endpoint) && list.some(mayReplace)) throw new NodeOutage(`${name} failed`)
      for (const other of list) if (!isResting(other)) checkIfDue(other)
      const isBehind = () => endpoint.head.number < latestOf(endpoint)
      const mustCheck = !hasBeenChecked(endpoint) || endpoint.head.number < block
      const isRejected = isBehind() || isRefuted(endpoint)
      if (mustCheck || (isRejected && now() - endpoint.checkedAt > REJECTED_INTERVAL_MS)) {
        const checked = check(endpoint).catch((error) => {
          throw new NodeOutage(`${name} does not answer`, error)
        })
        // A slow node may still pass the check, for later requests.
        await Promise.race([checked, sleep(CHECK_WAIT_MS, undefined, { ref: false })])
        if (!hasBeenChecked(endpoint)) throw new NodeOutage(`${name} does not answer`)
      }
      if (endpoint.chainId !== chainId) throw wrongChain(endpoint)
      const { number } = endpoint.head
      if (isRefuted(endpoint)) throw refuted(endpoint)
      if (isBehind()) {
        enter(endpoint, 'behind')
        throw new NodeOutage(`${name} is at block ${number}, behind ${latestOf(endpoint)}`)
      }
      if (number < block) throw new NodeOutage(`${name} is at block ${number}, before ${block}`)
    },

    /**
     * The endpoint answered a request.
     * @param head its latest block, if the answer says it.
     * @throws NodeOutage if a check found, while the request ran, that it serves another chain: the answer may be from
     * there; or if its siblings refute its head.
     */
    answered(endpoint: Endpoint, head: Head | undefined) {
      if (endpoint.chainId !== chainId) throw wrongChain(endpoint)
      endpoint.failures = 0
      endpoint.restsUntil = 0
      saw(endpoint, head)
      if (head && isRefuted(endpoint)) throw refuted(endpoint)
      enter(endpoint, 'usable')
    },

    failed,

    /**
     * The highest block that any endpoint has shown. One endpoint may lead to several nodes, so a later answer may be of a
     * node that lacks it. After `HEAD_LIFETIME_MS` without it, the chain has lost it.
     */
    highestBlock: () => highest.head.number,

    /** @throws if every endpoint serves another chain: the settings are wrong. */
    assertSomeOnChain() {
      if (list.some((endpoint) => (endpoint.chainId ?? chainId) === chainId)) return
      throw new Error(`The node serves chain ${list[0]?.chainId}; the deployment is on chain ${chainId}.`)
    },
  }
}
