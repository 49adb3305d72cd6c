import { type Abi, type Address, type Client, formatLog, numberToHex, parseEventLogs, toEventSelector } from 'viem'
import { createHasEvidence } from '../../../../core/node/bloom.ts'
import { createBlockSearch } from './blockAtTime.ts'
import { UnverifiedAnswerError } from './errors.ts'
import { inTurns } from './inTurns.ts'
import { type Block, findBlock, mayBeTooLarge, reasonOf, unreachable } from './node.ts'

/** Where a log is sought: of an id, in the blocks of these seconds, both included. */
export type Wanted = { id: bigint; from: bigint; to: bigint }

export type FoundLog = {
  eventName: string
  /** The first argument of the event. */
  id: bigint
  args: Record<string, unknown>
  /** Of its block, in seconds. */
  timestamp: bigint
  blockNumber: bigint
  logIndex: number
}

/** Of how many blocks of one second the bloom filters are read. */
const MAX_BLOCKS_OF_A_SECOND = 32n

/** How many requests for logs one answer may take. */
const MAX_REQUESTS = 500

/**
 * Reads the logs of one contract whose first argument is a wanted id, at least those of the wanted seconds. First in one
 * request; where the node refuses so many blocks, in two halves.
 * @param events of the contract, whose first argument is indexed.
 * @param head the block of the answer. Later logs are left out.
 * @returns the logs in the chain's order.
 * @throws UnverifiedAnswerError if the node has pruned them, or refuses even the logs of a block.
 */
export async function readLogs(node: Client, address: Address, events: Abi, wanted: readonly Wanted[], head: Block) {
  const firstBlockFrom = createBlockSearch(node, head)
  const selectors = events.flatMap((event) => (event.type === 'event' ? [toEventSelector(event)] : []))
  let requests = 0

  async function between(ids: readonly bigint[], from: bigint, to: bigint) {
    if (++requests > MAX_REQUESTS) throw refused(`more than ${MAX_REQUESTS} requests are needed`)
    const topics = [selectors, [...new Set(ids)].map((id) => numberToHex(id, { size: 32 }))]
    const range = { fromBlock: numberToHex(from), toBlock: numberToHex(to) }
    const raw = await node.request({ method: 'eth_getLogs', params: [{ address, topics, ...range }] })
    return raw.map((log) => formatLog(log))
  }

  type Logs = Awaited<ReturnType<typeof between>>

  async function halved(ids: readonly bigint[], from: bigint, to: bigint): Promise<Logs> {
    try {
      return await between(ids, from, to)
    } catch (error) {
      if (!mayBeTooLarge(error)) throw error instanceof UnverifiedAnswerError ? error : unreachable(error)
      if (from === to) throw refused(reasonOf(error), error)
      const middle = (from + to) / 2n
      return [...(await halved(ids, from, middle)), ...(await halved(ids, middle + 1n, to))]
    }
  }

  /** The wanted ones are in the order of their seconds: half of them are in about half of the blocks, or in far fewer. */
  async function read(sorted: readonly Wanted[]): Promise<Logs> {
    const ids = sorted.map(({ id }) => id)
    const from = await firstBlockFrom(sorted[0]?.from ?? 0n)
    const ends = sorted.map(({ to }) => to).sort(compare)
    const to = (await firstBlockFrom((ends.at(-1) ?? 0n) + 1n)) - 1n
    if (from > to) return []
    if (sorted.length === 1) return halved(ids, from, to)
    try {
      return await between(ids, from, to)
    } catch (error) {
      if (!mayBeTooLarge(error)) throw error instanceof UnverifiedAnswerError ? error : unreachable(error)
      const half = Math.ceil(sorted.length / 2)
      return [...(await read(sorted.slice(0, half))), ...(await read(sorted.slice(half)))]
    }
  }

  /**
   * A node that has pruned its logs may answer as if there were none. The headers, which it keeps, show that there are.
   * @throws UnverifiedAnswerError.
   */
  async function assertNotHidden({ id, from: second }: Wanted) {
    const from = await firstBlockFrom(second)
    const end = await firstBlockFrom(second + 1n)
    const hasEvidence = createHasEvidence(selectors.map((event) => [address, numberToHex(id, { size: 32 }), event]))
    for (let number = from; number < end && number < from + MAX_BLOCKS_OF_A_SECOND; number++) {
      const block = await findBlock(node, { blockNumber: number })
      if (!block || !hasEvidence(BigInt(block.logsBloom))) continue
      // Logs of other ids may have these words between them. A node that has those logs has not pruned the block's.
      const place = numberToHex(number)
      const others = await node.request({
        method: 'eth_getLogs',
        params: [{ address, fromBlock: place, toBlock: place }],
      })
      if (others.length === 0) {
        throw refused(`it returns no logs of block ${number}, although its header shows some`)
      }
    }
  }

  const sorted = [...wanted].sort((a, b) => compare(a.from, b.from))
  const logs = sorted.length === 0 ? [] : await read(sorted)
  const times = await timesOf(node, logs)
  const found = parseEventLogs({ abi: events, logs })
    .map((log): FoundLog => {
      const { blockNumber, logIndex, topics } = log
      const args = log.args as unknown as Record<string, unknown>
      const place = { blockNumber: blockNumber ?? 0n, logIndex: logIndex ?? 0 }
      const timestamp = times.get(blockNumber) ?? 0n
      return { eventName: log.eventName ?? '', id: BigInt(topics[1] ?? 0), args, timestamp, ...place }
    })
    .sort((a, b) => compare(a.blockNumber, b.blockNumber) || a.logIndex - b.logIndex)
  const isMissing = ({ id, from, to }: Wanted) =>
    from === to && !found.some((log) => log.id === id && log.timestamp === from)
  for (const one of wanted.filter(isMissing)) await assertNotHidden(one)
  return found
}

const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)

/** The timestamps of the logs' blocks, which not every node returns with the logs. */
async function timesOf(
  node: Client,
  logs: { blockNumber: bigint | null; blockTimestamp?: bigint | null | undefined }[],
) {
  const times = new Map<bigint | null, bigint>()
  for (const { blockNumber, blockTimestamp } of logs) if (blockTimestamp != null) times.set(blockNumber, blockTimestamp)
  const untimed = [...new Set(logs.map(({ blockNumber }) => blockNumber))].filter((number) => !times.has(number))
  const found = await inTurns(untimed, (blockNumber) => findBlock(node, { blockNumber: blockNumber ?? 0n }))
  for (const block of found) if (block) times.set(block.number, block.timestamp)
  return times
}

function refused(reason: string, cause?: unknown) {
  const message = `The node cannot read the logs that prove the answer: ${reason}. Use a node that has not pruned them.`
  return new UnverifiedAnswerError('NODE_PRUNED', message, cause)
}
