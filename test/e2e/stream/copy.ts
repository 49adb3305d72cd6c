import { createRunlineClient, type RunSummary, type StreamEvent } from '../../../packages/client/src/index.ts'

/** A copy of all runs that follows a stream as docs/api.md#the-stream-of-changes says. @param fetch of each connection and read. */
export function keepCopy(fetch: typeof globalThis.fetch) {
  const stopping = new AbortController()
  const runline = createRunlineClient({ url: 'http://replicas', fetch })
  const runs = new Map<string, RunSummary>()
  const events: StreamEvent[] = []
  /** The block of the last list, which has all changes up to there. */
  let listed = 0

  async function handle(event: StreamEvent) {
    if (event.type === 'ready' || event.type === 'reset') {
      const answer = await listRuns(fetch, event.data.block.number)
      runs.clear()
      for (const run of answer.runs) runs.set(String(run.bountyId), run)
      listed = answer.block
    } else if (event.type === 'run' && event.data.block.number > listed) {
      runs.set(String(event.data.bountyId), summaryOf(event.data))
    }
    events.push(event)
  }

  const ended = (async () => {
    for await (const event of runline.stream({}, { signal: stopping.signal })) await handle(event)
  })()

  return {
    runs: () => [...runs.values()].toSorted((a, b) => Number(a.bountyId) - Number(b.bountyId)),
    events,
    async stop() {
      stopping.abort()
      await ended
    },
  }
}

/** All runs, by id. The test has fewer than a page of them. */
export async function listRuns(fetch: typeof globalThis.fetch, minBlock: number) {
  for (;;) {
    const answer = await fetch(`http://replicas/api/runs?limit=100&order=asc&minBlock=${minBlock}`).catch(
      () => undefined,
    )
    const body = (await answer?.json()) as { runs: RunSummary[] }
    if (answer?.ok) return { runs: body.runs, block: Number(answer.headers.get('X-Indexed-Block')) }
  }
}

/** The members of a run that lists have, in their order. */
function summaryOf(run: RunSummary): RunSummary {
  const { bountyId, posterAddress, ipfsHash, reward, deadline, state, claimedBy, createdAt, claimable } = run
  const { title, summary, tags, claimant } = run
  return {
    bountyId,
    posterAddress,
    ipfsHash,
    reward,
    deadline,
    state,
    claimedBy,
    createdAt,
    claimable,
    title,
    summary,
    tags,
    claimant,
  }
}
