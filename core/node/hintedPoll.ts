import { type Hash, hexToBigInt, hexToNumber, keccak256 } from 'viem'
import { type Block, isBlock } from './block.ts'
import type { Ask, Call } from './call.ts'
import type { Header, HeadSocket } from './headSocket.ts'

/** While the socket tells of blocks, the node is still polled so often: its answers decide. */
const TRUTH_MS = 1_000

/** While the socket is silent, so often. */
const SILENT_MS = 200

/** After so long without a header, although the chain has new blocks, the socket is opened anew. */
const LOST_MS = 30_000

/** The root of a trie without entries: the block has no transactions. */
const EMPTY_ROOT = keccak256('0x80')

type Options = {
  socket: HeadSocket
  /** Whether a block with this bloom filter may have events that are indexed. */
  mayHaveEvents: (bloom: bigint) => boolean
  ask: Ask
  /** Reads the logs of a block, for which Ponder asks once it has the block. */
  readLogsAhead: (hash: Hash) => void
}

/**
 * Answers polls by the headers that the node sends by a WebSocket. A header counts only if it descends from the last answer: so
 * the chain is the one that the endpoints of RPC_URL show. The node is asked for the whole block only where its bloom filter
 * may have events of the contracts: a bloom filter has no false negatives. Of the other blocks Ponder uses no transactions.
 *
 * A poll waits for the next header, until the next poll by HTTP is due.
 * @returns a function that answers a poll for the latest block. Its calls must not overlap.
 */
export function createHintedPoll({ socket, mayHaveEvents, ask, readLogsAhead }: Options) {
  let last: Block | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  let isSilent = false

  async function askByHttp(poll: Call) {
    askedAt = performance.now()
    const block = await ask(poll)
    if (!isBlock(block)) return block
    const heard = socket.latest()
    isSilent = heard === undefined || hexToNumber(heard.number) < hexToNumber(block.number)
    if (isSilent && socket.silentMs() > LOST_MS) socket.reopen()
    last = block
    return block
  }

  function readWhole({ hash }: Header) {
    // Both are one request.
    readLogsAhead(hash)
    return ask({ method: 'eth_getBlockByHash', params: [hash, true] })
  }

  function mustBeRead({ logsBloom, transactionsRoot }: Header): boolean {
    const bloom = hexToBigInt(logsBloom)
    // Some nodes return an empty bloom filter for each block.
    return bloom === 0n ? transactionsRoot !== EMPTY_ROOT : mayHaveEvents(bloom)
  }

  return async (poll: Call): Promise<unknown> => {
    socket.open()
    if (last === undefined) return askByHttp(poll)
    const dueAt = askedAt + (isSilent ? SILENT_MS : TRUTH_MS)
    const header = await socket.after(hexToNumber(last.number), dueAt - performance.now())
    if (header?.parentHash !== last.hash) return askByHttp(poll)
    isSilent = false
    const block = mustBeRead(header) ? await readWhole(header) : { ...header, transactions: [] }
    // The node behind the endpoint may not have the block yet.
    if (!isBlock(block)) return askByHttp(poll)
    last = block
    return block
  }
}
