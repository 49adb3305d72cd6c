import { setTimeout as sleep } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import { number, type PlainTool, text } from './plainTool.ts'

/** How long a call waits for the first change. Shorter than the timeouts of proxies and clients. */
const WAIT_MS = 20_000

/** How long after a change those of the same block may come. */
const QUIET_MS = 100

/** A model reads all of them. */
const MAX_CHANGES = 50

/** What a model needs to know of a change. The other tools have the rest. */
const shown = [
  'bountyId',
  'state',
  'claimedBy',
  'revisions',
  'deliverableHash',
  'feedbackHash',
  'id',
  'status',
  'stakedAmount',
  'reason',
  'left',
]

/** Waits for changes in place of a model that would ask again and again. It reads the stream of the API. */
export const changesTool: PlainTool = {
  name: 'get_changes',
  description: 'Runs and agents that changed after since. Waits for one, up to 20 s: so do not poll.',
  inputs: {
    since: text('Of the last answer; absent: from now on.'),
    runId: number('Run id.'),
    agentId: number('It and its runs.'),
    poster: text('Address.'),
  },
  required: [],
  async call(send, { since, ...filter }, signal) {
    const given = { ...filter, ...(since !== undefined && { lastEventId: since }) }
    const query = Object.entries(given).map(([name, value]) => [name, String(value)])
    const response = await send(`/api/stream?${new URLSearchParams(Object.fromEntries(query))}`, { signal })
    if (!response.ok || !response.body) return response
    const read = { changes: new Map<string, object>(), since: since as unknown, block: undefined as unknown }
    let isCurrent = false
    let until = Date.now() + WAIT_MS
    const parser = createParser({
      onId(id) {
        read.since = id
      },
      // The stream says so with a comment once all changes after `since` are sent.
      onComment() {
        isCurrent = true
      },
      onEvent({ event: type, data }) {
        isCurrent ||= type === 'ready'
        const { block, ...change } = JSON.parse(data)
        read.block = block?.number ?? read.block
        if (type !== 'run' && type !== 'agent' && type !== 'reset') return
        const members = shown.flatMap((name) => (name in change ? [[name, change[name]]] : []))
        read.changes.set(`${type} ${change.bountyId ?? change.id}`, { type, ...Object.fromEntries(members) })
      },
    })
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    while (!signal.aborted) {
      const chunk = await Promise.race([reader.read(), sleep(Math.max(until - Date.now(), 0))])
      if (!chunk || chunk.done) break
      parser.feed(chunk.value)
      if (isCurrent && (read.changes.size > 0 || since === undefined)) until = Math.min(until, Date.now() + QUIET_MS)
    }
    await reader.cancel()
    const changes = [...read.changes.values()]
    const omitted = Math.max(changes.length - MAX_CHANGES, 0)
    return Response.json({ ...read, changes: changes.slice(omitted), ...(omitted > 0 && { omitted }) })
  },
}
