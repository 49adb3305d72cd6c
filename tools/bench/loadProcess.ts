// The process that sends the requests of `startLoad`. It ends when it is killed, or with its parent.
import autocannon from 'autocannon'
import type { LoadOrder } from './startLoad.ts'

/** How often autocannon checks whether it is done. */
const CHECK_INTERVAL_MS = 100

process.on('disconnect', () => process.exit())

process.once('message', (order: LoadOrder) => {
  process.once('message', () => send(order))
  process.send?.('ready')
})

function send({ url, connections, requests, seconds }: LoadOrder) {
  let connection = 0
  const options: autocannon.Options = {
    url,
    connections,
    maxOverallRequests: requests.length,
    duration: seconds,
    timeout: seconds,
    sampleInt: CHECK_INTERVAL_MS,
    setupClient(client) {
      const own = connection++
      client.setRequests(requests.filter((_, place) => place % connections === own))
    },
  }
  autocannon(options, (error, { statusCodeStats = {}, errors }) => {
    if (error) throw error
    const counts = Object.entries(statusCodeStats).map(([status, { count }]) => `${status} × ${count}`)
    process.send?.({ statuses: [...counts, ...(errors > 0 ? [`no answer × ${errors}`] : [])].join(', ') })
  })
}
