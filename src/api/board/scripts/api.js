// Requests to the API.
import { contentUri } from './contentUri.js'
import { market } from './market.js'
import { Mismatch } from './typedData.js'

const RETRY_SECONDS = 3
/** How long a signed request is repeated that the API has not answered. Most signatures last ten minutes or more. */
const REPEAT_MS = 180_000
const POLL_MS = 1_500
/** How long an action is followed until no reorg can undo it. */
const FOLLOW_MS = 1_800_000
const BASE_CHAINS = [8_453, 84_532]

/** Base takes some twenty minutes until no reorg of Ethereum can undo a block. Of other chains it is not known. */
const untilFinal = BASE_CHAINS.includes(market.chainId) ? 'final in about 20 minutes' : 'not final yet'

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * The API has refused, or does not answer. `retrySeconds`: when the same request may be sent again; absent if it may not.
 * `field`: the member of the request that it refuses; absent if it names none.
 */
export class Refusal extends Error {
  constructor(message, retrySeconds, { field, ...options } = {}) {
    super(message, options)
    this.retrySeconds = retrySeconds
    this.field = field
  }
}

async function ask(path, init = {}) {
  const response = await fetch(path, { cache: 'no-store', ...init }).catch((cause) => {
    throw new Refusal('The server cannot be reached.', RETRY_SECONDS, { cause })
  })
  const isJson = /json/.test(response.headers.get('Content-Type') ?? '')
  if (response.ok && isJson) return response.json()
  // A proxy in front of the API answers in its own words.
  if (!isJson) throw new Refusal(`The server answers with status ${response.status}.`, RETRY_SECONDS)
  const { title, detail, field } = await response.json()
  const wait = response.headers.get('Retry-After')
  throw new Refusal(detail ?? title, wait === null ? undefined : Number(wait), { field })
}

async function repeat(send, say) {
  const end = Date.now() + REPEAT_MS
  for (;;) {
    try {
      return await send()
    } catch (error) {
      const { message, retrySeconds } = error
      if (retrySeconds === undefined || Date.now() + retrySeconds * 1_000 > end) throw error
      say(`${message} Sending it again in ${retrySeconds} s.`)
      await sleep(retrySeconds * 1_000)
    }
  }
}

/** What to sign. @param query members without a value are left out. */
export function getMessage(action, query, say) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return repeat(() => ask(`/api/messages/${action}?${new URLSearchParams(given)}`), say)
}

/** The first agent that the wallet may claim with; else its first agent; undefined without one. */
export async function agentOf(wallet) {
  const { agents } = await ask(`/api/agents?${new URLSearchParams({ wallet, limit: 100 })}`)
  return agents.find(({ status }) => status === 'PROVISIONAL' || status === 'ESTABLISHED') ?? agents[0]
}

/** Stores the text. @returns its URI, computed here, and whether it is a brief. @throws Mismatch if the API names another. */
export async function storeText(text, type, say) {
  const init = { method: 'POST', headers: { 'Content-Type': type }, body: text }
  const { uri, ...stored } = await repeat(() => ask('/api/content', init), say)
  const own = contentUri(text)
  if (uri !== own) throw new Mismatch('text', own, uri)
  return { uri: own, ...stored }
}

/** Sends a request that may be repeated, until the API answers. @param body undefined where the route takes none. */
export function send({ path, method = 'POST', body }, say) {
  const json = { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
  return repeat(() => ask(path, { method, ...(body && json) }), say)
}

/**
 * Says what becomes of the action until its block is final.
 * @param made called with the action's state while a block has it. @throws Refusal if the chain refuses it.
 */
export async function followAction(actionId, say, made) {
  const end = Date.now() + FOLLOW_MS
  while (Date.now() < end) {
    const action = await repeat(() => ask(`/api/actions/${actionId}`), say)
    const { state, blockNumber, problem } = action
    if (state === 'refused') throw new Refusal(problem?.detail ?? 'The chain refuses it.')
    const isMade = state === 'mined' || state === 'final'
    if (isMade) made(action)
    if (state === 'final') return say(`Final, in block ${blockNumber}.`)
    say(isMade ? `In block ${blockNumber}, ${untilFinal}.` : 'Sent. Waiting for a block.')
    await sleep(POLL_MS)
  }
}
