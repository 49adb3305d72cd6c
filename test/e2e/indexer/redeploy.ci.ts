import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { beforeAll, expect, test } from 'vitest'
import { writeDeployment } from '../../../ops/writeDeployment.ts'
import { type IndexerOptions, startIndexer } from '../../../tools/devnet/indexer.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { readEvents } from '../../support/readEvents.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

let market: TestMarket

beforeAll(async () => {
  market = await startTestMarket()
  await participantsOf(market).openRun()
  await market.indexed()
  return market.stop
})

/** Another build with the same tables: it starts at an earlier block. */
async function deploymentOfAnotherBuild() {
  const { deployment } = market
  const directory = await temporaryDirectory()
  writeDeployment({ ...deployment, startBlock: deployment.startBlock - 1 }, directory.path)
  return directory
}

/** Polls with several clients, and compares each answer with the client's previous one. */
function listen(voices: number) {
  const paths = ['/api/runs', '/api/runs/1', '/api/stats', '/api/runs/1/events', '/api/agents']
  const wrong: string[] = []
  let isDone = false
  let answers = 0
  let latest = 0

  async function ask(voice: number) {
    let seen = 0
    for (let turn = voice; !isDone; turn++) {
      const path = paths[turn % paths.length]
      // Each request has its own query, so that no cache answers it.
      const response = await fetch(`${market.api.url}${path}?minBlock=${voice % 2}`)
      const text = await response.text()
      const block = Number(response.headers.get('X-Indexed-Block'))
      if (response.status !== 200) wrong.push(`${path}: ${response.status} ${text}`)
      else if (block < seen) wrong.push(`${path}: block ${block} after ${seen}`)
      seen = block
      latest = Math.max(latest, block)
      answers++
    }
  }

  const voicesDone = Promise.all(Array.from({ length: voices }, (_, voice) => ask(voice)))
  return {
    latest: () => latest,
    async stop() {
      isDone = true
      await voicesDone
      return { wrong, answers }
    },
  }
}

/** A stream of the runs that change. */
async function openStream(lastEventId = '') {
  const { body } = await fetch(`${market.api.url}/api/stream?types=run&lastEventId=${lastEventId}`)
  if (!body) throw new Error('The stream has no body')
  return readEvents(body)
}

/** The output of the operator's command. */
async function prune() {
  const { stdout } = await execa('node', ['ops/pruneCommand.ts'], {
    env: { DATABASE_URL: market.databaseUrl, CHAIN_ID: String(market.chainId) },
    preferLocal: true,
  })
  return stdout
    .replaceAll(/runline_\w+ /g, '')
    .split('\n')
    .sort()
}

/** Why an indexer does not start. */
const failureOf = (options: IndexerOptions): Promise<string> =>
  startIndexer(options).then(
    () => 'it started',
    (error: Error) => error.message,
  )

test('readers see a new build without an error or a step back', { timeout: 180_000 }, async () => {
  const participants = participantsOf(market)
  const another = await deploymentOfAnotherBuild()
  const options = { ...market, deploymentsDirectory: another.path }
  const stream = await openStream()
  await stream.next()
  await participants.openRun()
  const [changed] = await stream.next()
  // The new build begins after this block, which is final by then.
  await market.client.mine({ blocks: 120 })
  await market.indexed()
  const readers = listen(4)
  let isDone = false
  const posting = (async () => {
    for (; !isDone; await sleep(200)) await participants.openRun()
  })()

  let replacement = await startIndexer({ ...options, redeploy: true })
  try {
    await replacement.part.saw(/Readers see this build/, 60_000)
    expect(await prune()).toEqual(['kept: it is running', 'kept: readers see it'])
    await market.indexer.stop()
    const atStop = readers.latest()
    await expect.poll(readers.latest, { message: 'the new build advances' }).toBeGreaterThan(atStop)
    isDone = true
    await posting
    const { wrong, answers } = await readers.stop()
    expect(wrong).toEqual([])
    expect(answers).toBeGreaterThan(100)
    console.log(`${answers} answers while readers were switched, none wrong`)

    const posted = await participants.openRun()
    const resumed = await openStream(changed?.id)
    for (const reader of [stream, resumed]) {
      const seen: unknown[] = []
      while (seen.at(-1) !== Number(posted)) {
        const [{ event, data } = { event: 'none', data: {} }] = await reader.next(1, 20_000)
        expect(event).toBe('run')
        seen.push(data.bountyId)
      }
      expect(seen.length).toBeGreaterThan(1)
      await reader.stop()
    }

    // A restart of the replaced build would take readers back, also by a supervisor that repeats its command.
    const old = market
    await expect(startIndexer(old)).rejects.toThrow(/exited with code 1.*Readers see another build/s)
    await expect(startIndexer({ ...old, redeploy: true })).rejects.toThrow(/exited with code 1.*which replaced this/s)
    expect(await prune()).toEqual(['dropped', 'kept: readers see it'])
    const failure = await failureOf({ ...old, redeploy: true })
    expect(failure).toMatch(/exited with code 1.*which replaced this/s)

    // A restart of the new build is an ordinary start.
    await replacement.stop()
    replacement = await startIndexer({ ...options, redeploy: true })
    await market.indexed()

    const [, served = ''] = /which replaced this.*--replace (\w+)/.exec(failure) ?? []
    const back = await startIndexer({ ...old, replace: served })
    await back.part.saw(/Readers see this build/, 60_000)
    await back.stop()
    const stale = startIndexer({ ...options, redeploy: true })
    await expect(stale, 'its command would end the way back').rejects.toThrow(
      /exited with code 1.*which replaced this/s,
    )
  } finally {
    isDone = true
    await readers.stop()
    await replacement.stop()
    await another.remove()
  }
})
