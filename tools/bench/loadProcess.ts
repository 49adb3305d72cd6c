// The process that sends the requests of `startLoad`. It ends when it is killed, or with its parent.
import autocannon from 'autocannon'
import type { LoadMessage, LoadOrder, LoadResult } from './startLoad.ts'

/** The API answers a claim within 15 s; an answer slower than this counts as an error. */
const TIMEOUT_SECONDS = 60

/** How often autocannon checks whether it is done. */
const CHECK_INTERVAL_MS = 100

process.on('disconnect', () => process.exit())

process.once('message', (order: LoadOrder) => {
  process.once('message', () => begin(order))
  send('ready')
})

function begin({ url, connections, requests, most, seconds }: LoadOrder) {
  const start = performance.now()
  let end = start
  let connection = 0
  const options: autocannon.Options = {
    url,
    connections,
    maxOverallRequests: most,
    duration: seconds,
    timeout: TIMEOUT_SECONDS,
    sampleInt: CHECK_INTERVAL_MS,
    setupClient(client) {
      const own = connection++
      client.setRequests(requests.filter((_, place) => place % connections === own))
    },
  }
  const instance = autocannon(options, (error, result) => {
    if (error) throw error
    const statuses = Object.entries(result.statusCodeStats ?? {}).map(([status, { count = 0 }]) => [status, count])
    send({ statuses: Object.fromEntries(statuses), errors: result.errors, milliseconds: end - start })
  })
  instance.on('start', () => send('begun'))
  instance.on('response', () => {
    end = performance.now()
  })
  process.on('message', () => instance.stop())
}

function send(message: LoadMessage | LoadResult) {
  process.send?.(message)
}
