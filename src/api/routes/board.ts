import { z } from '@hono/zod-openapi'
import { type Context, Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { type Address, isAddress } from 'viem'
import type { Requester } from '../../../core/fairLane.ts'
import { agentListPage, agentPage } from '../board/agentPages.ts'
import { assets } from '../board/assets.ts'
import { briefText } from '../board/briefText.ts'
import { connectPage } from '../board/connectPage.ts'
import { markdown } from '../board/markdown.ts'
import { marketPage, PERIODS } from '../board/marketPage.ts'
import { contentText } from '../board/namedContent.ts'
import { problemPage, renderPage } from '../board/page.ts'
import { postPage } from '../board/postPage.ts'
import { createRenderings } from '../board/renderings.ts'
import { ANY_STATE, runListDescription, runListPage, runListTitle } from '../board/runListPage.ts'
import { runDescription, runPage } from '../board/runPage.ts'
import { refusedSearchPage } from '../board/searchForm.ts'
import { plainLine } from '../board/values.ts'
import { matches, sharedHeaders } from '../cache/cachedResponse.ts'
import type { Deps } from '../deps.ts'
import { createRateLimit, rateLimited } from '../http/clientLimits.ts'
import { errorHandler } from '../http/errorHandler.ts'
import { Problem } from '../http/errors.ts'
import { NO_STORE } from '../http/readHeaders.ts'
import { requesterOf } from '../http/requester.ts'
import { refusalOf } from '../http/validation.ts'
import { idParameter } from '../http/values.ts'
import { pageOfAgents } from '../queries/agentPages.ts'
import { agentsById } from '../queries/agents.ts'
import { createBatchedRead, createSharedRead } from '../queries/batchedReads.ts'
import { createEventReader } from '../queries/events.ts'
import type { PageReader } from '../queries/pageReader.ts'
import { posterRecords } from '../queries/posters.ts'
import type { RunList } from '../queries/runList.ts'
import type { RunPageReader } from '../queries/runPages.ts'
import { runsById } from '../queries/runs.ts'
import { type Snapshot, type SnapshotResult, snapshotOnly } from '../queries/snapshot.ts'
import { stats } from '../queries/stats.ts'
import { historyIntervals, statsHistory } from '../queries/statsHistory.ts'
import { formatAgent, formatAgentStake } from '../resources/agent.ts'
import { formatEvent } from '../resources/event.ts'
import type { RunDetail, RunSummary } from '../resources/run.ts'
import { agentNotFound } from './agents.ts'
import { createContentReader } from './namedContent.ts'
import { formatPagination, pageParameters, sliceOf } from './pagination.ts'
import { listQuery, runNotFound } from './runs.ts'

const LIMIT = 20
/** Covers all events of a run, unless a client had many claims of it refused on purpose. */
const EVENTS_LIMIT = 100

/** How often reads that must be of one block are tried. A block lasts 200 ms or more, and the reads some milliseconds. */
const ATTEMPTS = 3

const YEAR_SECONDS = 31_536_000

/** Per address and process. A hostile text takes 60 ms of this process's one thread, and drafts are rendered each time. */
const PREVIEWS_PER_MINUTE = 60

const runQuery = listQuery.omit({ limit: true, cursor: true, minBlock: true })
const pageQuery = z.strictObject({ page: pageParameters(LIMIT).page })
const noQuery = z.strictObject({})
const idParams = z.object({ id: idParameter })
const marketQuery = z.strictObject({ interval: z.enum(historyIntervals).default('day') })

/** The parameters of the URL. A form sends empty fields too: they are absent. */
const givenOf = (c: Context) => Object.fromEntries(Object.entries(c.req.query()).filter(([, value]) => value !== ''))

/** Where a search leads that is for one thing: a run by its number, a poster by its address; undefined for words. */
function placeOf(words: string | undefined): string | undefined {
  const text = words?.trim() ?? ''
  const [, id] = /^#?([0-9]{1,78})$/.exec(text) ?? []
  if (id !== undefined) return `/runs/${BigInt(id)}`
  return isAddress(text, { strict: false }) ? `/?state=${ANY_STATE}&poster=${text}` : undefined
}

/** @throws Problem VALIDATION_FAILED */
function parse<Schema extends z.ZodType>(schema: Schema, given: Record<string, unknown>): z.output<Schema> {
  const result = schema.safeParse(given)
  if (!result.success) throw refusalOf(result.error, given)
  return result.data
}

/** @throws Problem INDEX_BEHIND if a new block is indexed between the reads each time. */
async function readAtOneBlock<Results extends Record<string, SnapshotResult<unknown>>>(read: () => Promise<Results>) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const results = await read()
    const snapshots = Object.values(results).map(({ snapshot }) => snapshot)
    const [snapshot] = snapshots
    if (snapshot && snapshots.every(({ hash }) => hash === snapshot.hash)) return { snapshot, ...results }
  }
  throw new Problem('INDEX_BEHIND', 'The index changes too fast to be read.', { headers: { 'Retry-After': '1' } })
}

const policy = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  // Only the proxy that terminates TLS knows whether the host name is HTTPS only.
  strictTransportSecurity: false,
})

/** Lets the reader correct the search. */
function refuseSearch(c: Context, problem: Problem) {
  c.set('problem', problem.code)
  return c.html(refusedSearchPage(problem, givenOf(c)), problem.status, { 'Cache-Control': NO_STORE })
}

/** What a browser gets for a path that leads nowhere. */
export const unknownPage = new Hono().get('*', policy, (c) => {
  const problem = new Problem('ROUTE_NOT_FOUND', `There is no page ${c.req.path} here.`)
  return c.html(problemPage(problem), problem.status, { 'Cache-Control': NO_STORE })
})

type Readers = { readPage: PageReader; readPageOfRuns: RunPageReader }

/** The board: pages of the market for people, from the same queries as the API. */
export function boardRoutes(deps: Deps, { readPage, readPageOfRuns }: Readers) {
  const app = new Hono()
  const readRun = createBatchedRead(deps.index, runsById)
  const readEvents = createEventReader(deps.index, readPage)
  const readAgent = createBatchedRead(deps.index, agentsById)
  const readStats = createSharedRead(deps.index, stats)
  const readContent = createContentReader(deps)
  const rendered = createRenderings()

  app.onError(
    errorHandler(deps.logger, (c, problem) => {
      c.set('problem', problem.code)
      return c.html(problemPage(problem), problem.status, { ...problem.headers, 'Cache-Control': NO_STORE })
    }),
  )

  const { chainId, contracts } = deps.deployment
  const market = { chainId, contracts }

  function answer(c: Context, snapshot: Snapshot, page: Parameters<typeof renderPage>[0]) {
    const text = String(renderPage({ ...page, snapshot, market }))
    const headers = sharedHeaders(text, snapshot)
    return matches(c.req.header('If-None-Match') ?? '', headers.etag)
      ? c.body(null, 304, headers)
      : c.html(text, 200, headers)
  }

  async function readRunPage(c: Context, list: RunList, page: number) {
    const start = sliceOf({ page, limit: LIMIT })
    const { snapshot, data } = await readPageOfRuns(list, start, LIMIT, requesterOf(c, deps.limits))
    const runs: RunSummary[] = JSON.parse(`[${data.runs}]`)
    const pagination = { ...formatPagination({ page, limit: LIMIT }, data.total), isTotalExact: data.isTotalExact }
    return { snapshot, data: { runs, ...pagination } }
  }

  /** Runs, and the records of their posters, of one block. */
  async function readRuns(c: Context, list: RunList, page: number) {
    const runs = await readRunPage(c, list, page)
    const records = await deps.index.read(
      posterRecords(runs.data.runs.map(({ posterAddress }) => posterAddress as Address)),
    )
    return { runs, records }
  }

  app.get('/', policy, async (c) => {
    const { state = 'OPEN', ...rest } = givenOf(c)
    const place = placeOf(rest.q)
    if (place) return c.redirect(place)
    const asked = { ...rest, ...(state !== ANY_STATE && { state }) }
    const query = runQuery.safeParse(asked)
    if (!query.success) return refuseSearch(c, refusalOf(query.error, asked))
    const { page = 1, ...list } = query.data
    const { snapshot, runs, records, figures } = await readAtOneBlock(async () => ({
      ...(await readRuns(c, list, page)),
      figures: await readStats(),
    }))
    const given = { ...rest, state }
    const content = runListPage({ ...runs.data, given, records: records.data, stats: figures.data }, snapshot.now)
    const description = runListDescription(runs.data)
    return answer(c, snapshot, { title: runListTitle(given), description, section: '/', content })
  })

  /** A page of the run's events, the newest first. */
  async function readTimeline(id: bigint, page: number, requester: Requester) {
    const oldest = await readEvents(id, sliceOf({ page: 1, limit: EVENTS_LIMIT }), requester)
    const total = oldest.data?.total ?? 0
    const end = total - (page - 1) * EVENTS_LIMIT
    const offset = Math.max(end - EVENTS_LIMIT, 0)
    const limit = Math.max(end - offset, 0)
    // Nearly all runs have one page, which is read already.
    const timeline = total <= EVENTS_LIMIT && page === 1 ? oldest : await readEvents(id, { offset, limit }, requester)
    return { oldest, timeline }
  }

  async function showBrief({ ipfsHash, brief }: RunDetail, requester: Requester) {
    return brief === null ? '' : rendered(`brief ${ipfsHash}`, requester, () => briefText(brief))
  }

  async function showContent(uri: string | null, requester: Requester) {
    const content = await readContent(uri)
    if (typeof content !== 'object') return content
    return rendered(`${content.mediaType} ${uri}`, requester, () => contentText(content))
  }

  app.get('/runs/:id', policy, async (c) => {
    const { id } = parse(idParams, c.req.param())
    const { page } = parse(pageQuery, givenOf(c))
    const requester = requesterOf(c, deps.limits)
    const { snapshot, run, timeline } = await readAtOneBlock(async () => ({
      run: await readRun(id),
      ...(await readTimeline(id, page, requester)),
    }))
    if (run.data === null || timeline.data === null) throw runNotFound(id)
    const { events, total } = timeline.data
    const { totalPages } = formatPagination({ page, limit: EVENTS_LIMIT }, total)
    const shown: RunDetail = JSON.parse(run.data)
    const newestFirst = events.map(formatEvent).toReversed()
    const [brief, delivery, feedback] = await Promise.all([
      showBrief(shown, requester),
      showContent(shown.deliverableHash, requester),
      showContent(shown.feedbackHash, requester),
    ])
    const { explorerUrl } = deps
    const content = runPage(
      { run: shown, brief, delivery, feedback, events: newestFirst, page, totalPages, explorerUrl },
      snapshot.now,
    )
    const title = shown.title === null ? `Run ${id}` : `${plainLine(shown.title)} · Run ${id}`
    const description = runDescription(shown)
    return answer(c, snapshot, { title, description, section: '/', content, scripts: ['act', 'copy'] })
  })

  app.get('/agents', policy, async (c) => {
    const { page } = parse(pageQuery, givenOf(c))
    const { snapshot, data } = await readPage(
      pageOfAgents(undefined, sliceOf({ page, limit: LIMIT })),
      requesterOf(c, deps.limits),
    )
    const pagination = formatPagination({ page, limit: LIMIT }, data.total)
    const content = agentListPage({ agents: data.agents.map(formatAgent), ...pagination }, snapshot.now)
    return answer(c, snapshot, { title: 'Agents', section: '/agents', content })
  })

  app.get('/agents/:id', policy, async (c) => {
    const { id } = parse(idParams, c.req.param())
    const { page } = parse(pageQuery, givenOf(c))
    const { snapshot, agent, runs, records } = await readAtOneBlock(async () => ({
      agent: await readAgent(id),
      ...(await readRuns(c, { claimedBy: id, sort: 'createdAt', order: 'desc' }, page)),
    }))
    if (agent.data === null) throw agentNotFound(id)
    const content = agentPage(
      { agent: formatAgentStake(agent.data), ...runs.data, records: records.data },
      snapshot.now,
    )
    return answer(c, snapshot, { title: `Agent ${id}`, section: '/agents', content, scripts: ['act', 'copy'] })
  })

  app.get('/market', policy, async (c) => {
    const { interval } = parse(marketQuery, givenOf(c))
    const { snapshot, figures, history } = await readAtOneBlock(async () => ({
      figures: await readStats(),
      history: await deps.index.read(statsHistory({ interval, periods: PERIODS[interval] })),
    }))
    const content = marketPage({ stats: figures.data, history: history.data, interval })
    return answer(c, snapshot, { title: 'Market', section: '/market', content, scripts: ['act', 'plots'] })
  })

  app.get('/post', policy, async (c) => {
    parse(noQuery, givenOf(c))
    const { snapshot } = await deps.index.read(snapshotOnly)
    const scripts = ['act', 'postForm']
    return answer(c, snapshot, { title: 'Post a run', section: '/post', content: postPage, scripts })
  })

  const takePreview = createRateLimit(PREVIEWS_PER_MINUTE)

  // By the program that renders the page of a run, so that the preview shows what readers get.
  app.post('/post/preview', policy, async (c) => {
    const { client } = requesterOf(c, deps.limits)
    const wait = takePreview(client)
    if (wait > 0) throw rateLimited(`${client} may ask for ${PREVIEWS_PER_MINUTE} previews a minute.`, wait / 1_000)
    const text = await c.req.text()
    return c.html(markdown(text), 200, { 'Cache-Control': NO_STORE })
  })

  app.get('/connect', policy, async (c) => {
    parse(noQuery, givenOf(c))
    const { snapshot } = await deps.index.read(snapshotOnly)
    const page = { title: 'Connect an agent', section: '/connect', content: connectPage, scripts: ['act'] }
    return answer(c, snapshot, page)
  })

  for (const { url, content, type } of assets) {
    app.get(url, (c) =>
      c.body(content, 200, { 'Content-Type': type, 'Cache-Control': `public, max-age=${YEAR_SECONDS}, immutable` }),
    )
  }

  return app
}
