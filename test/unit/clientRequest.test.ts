import { getEventListeners } from 'node:events'
import getPort from 'get-port'
import { expect, it } from 'vitest'
import { createRunlineReads, NoAnswerError, type Retry } from '../../packages/client/src/reads.ts'
import { wait } from '../../packages/client/src/request.ts'

it('a wait leaves no listener on its signal', async () => {
  const { signal } = new AbortController()
  for (let waits = 0; waits < 20; waits++) await wait(0.001, signal)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

it('a wait ends when its signal aborts, with the reason', async () => {
  const stop = new AbortController()
  const waiting = wait(60, stop.signal)
  stop.abort(new Error('stopped by the test'))
  await expect(waiting).rejects.toThrow('stopped by the test')
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
})

it('an error names the reason of a lost connection', async () => {
  const url = `http://127.0.0.1:${await getPort()}`
  const { runs } = createRunlineReads({ url, timeoutSeconds: 0 })
  const error = await runs.get(1).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(NoAnswerError)
  expect(String(error)).toContain(
    `GET ${url}/api/runs/1 got no answer of the API: TypeError: fetch failed: connect ECONNREFUSED`,
  )
})

it('a read says what it repeats and why, and ends with the reason of its signal', async () => {
  const url = `http://127.0.0.1:${await getPort()}`
  const stop = new AbortController()
  const retries: Retry[] = []
  const { runs } = createRunlineReads({
    url,
    onRetry: (retry) => {
      retries.push(retry)
      stop.abort(new Error('stopped by the test'))
    },
  })
  await expect(runs.get(1, {}, { signal: stop.signal })).rejects.toThrow('stopped by the test')
  expect(retries).toEqual([
    { request: `GET ${url}/api/runs/1`, reason: expect.stringContaining('ECONNREFUSED'), seconds: 1 },
  ])
})
