import { z } from '@hono/zod-openapi'
import { type Context, Hono } from 'hono'
import { getAddress, isAddress } from 'viem'
import type { Requester } from '../../../core/fairLane.ts'
import { accountPage } from '../board/accountPage.ts'
import { agentListPage, agentPage } from '../board/agentPages.ts'
import { assets } from '../board/assets.ts'
import { briefText } from '../board/briefText.ts'
import { connectPage } from '../board/connectPage.ts'
import { lastExchange } from '../board/exchange.ts'
import { markdown } from '../board/markdown.ts'
import { marketPage, PERIODS } from '../board/marketPage.ts'
import { contentText } from '../board/namedContent.ts'
import { problemPage, renderPage } from '../board/page.ts'
import { postPage } from '../board/postPage.ts'
import { createRenderings } from '../board/renderings.ts'
import { ANY_STATE, isNarrowed, runListDescription, runListPage, runListTitle } from '../board/runListPage.ts'
import { runDescription, runPage } from '../board/runPage.ts'
import { refusedSearchPage, splitOrder } from '../board/searchForm.ts'
import { plainLine } from '../board/values.ts'
import { matches, sharedHeaders } from '../cache/responseCache.ts'
import type { Deps } from '../deps.ts'
import { createRateLimit, rateLimited, requesterOf } from '../http/clientLimits.ts'
import { errorHandler } from '../http/errorHandler.ts'
import { Problem, unlessProblem } from '../http/errors.ts'
import { pagePolicy } from '../http/pagePolicy.ts'
import { NO_STORE } from '../http/readHeaders.ts'
import { refusalOf } from '../http/validation.ts'
import { addressParameter, idParameter } from '../http/values.ts'
import type { Read, Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { accountByAddress, agentNames } from '../queries/accounts.ts'
import { agentById, pageOfAgents } from '../queries/agents.ts'
import { eventPage, lastChanges } from '../queries/events.ts'
import { posterByAddress, posterRecords } from '../queries/posters.ts'
import { countByState, pageOfRuns, type RunList, runDetail } from '../queries/runs.ts'
import type { ReadStats } from '../queries/stats.ts'
import { historyIntervals, statsHistory } from '../queries/statsHistory.ts'
import { isExpensive, isFar, type ReadInTurn } from '../queries/turns.ts'
import { reservesOf } from '../reserves.ts'
import { formatAgent, formatAgentStake } from '../resources/agent.ts'
import { formatApplication } from '../resources/application.ts'
import { formatEvent } from '../resources/event.ts'
import { formatPoster } from '../resources/poster.ts'
import { formatRunDetail, formatRunSummary, type RunDetail } from '../resources/run.ts'
import { agentNotFound, runNotFound } from './named.ts'
import { createContentReader } from './namedContent.ts'
import { formatPagination, pageParameters, sliceOf } from './pagination.ts'
import { listQuery } from './runs.ts'

const LIMIT = 20
/** Covers all events of a run, unless a client had many claims of it refused on purpose. */
const EVENTS_LIMIT = 100

const YEAR_SECONDS = 31_536_000

/** Per address and process. A hostile text takes 60 ms of this process's one thread, and drafts are rendered each time. */
const PREVIEWS_PER_MINUTE = 60

const runQuery = listQuery.omit({ limit: true, cursor: true, minBlock: true })
const APPLICANTS_LIMIT = 12

const pageQuery = z.strictObject({ page: pageParameters(LIMIT).page })
const runPageQuery = pageQuery.extend({ applicants: pageParameters(APPLICANTS_LIMIT).page })
const agentsQuery = pageQuery.extend({ all: z.literal('true').optional() })
const noQuery = z.strictObject({})
const accountParams = z.object({ address: addressParameter })
const idParams = z.object({ id: idParameter })
const marketQuery = z.strictObject({ interval: z.enum(historyIntervals).default('day') })

/** The parameters of the URL. A form sends empty fields too: they are absent. */
const givenOf = (c: Context) => Object.fromEntries(Object.entries(c.req.query()).filter(([, value]) => value !== ''))

/** Where a search leads that is for one thing: a run by its number, an account by its address; undefined for words. */
function placeOf(words: string | undefined): string | undefined {
  const text = words?.trim() ?? ''
  const [, id] = /^#?([0-9]{1,78})$/.exec(text) ?? []
  if (id !== undefined) return `/runs/${BigInt(id)}`
  return isAddress(text, { strict: false }) ? `/accounts/${getAddress(text)}` : undefined
}

/** @throws Problem VALIDATION_FAILED */
function parse<Schema extends z.ZodType>(schema: Schema, given: Record<string, unknown>): z.output<Schema> {
  const result = schema.safeParse(given)
  if (!result.success) throw refusalOf(result.error, given)
  return result.data
}

const policy = pagePolicy()

/** Lets the reader correct the search. */
function refuseSearch(c: Context, problem: Problem) {
  c.set('problem', problem.code)
  return c.html(refusedSearchPage(problem, splitOrder(givenOf(c))), problem.status, { 'Cache-Control': NO_STORE })
}

/** What a browser gets for a path that leads nowhere. */
export const unknownPage = new Hono().get('*', policy, (c) => {
  const problem = new Problem('ROUTE_NOT_FOUND', `There is no page ${c.req.path} here.`)
  return c.html(problemPage(problem), problem.status, { 'Cache-Control': NO_STORE })
})

/** A page of runs, and the records of their posters. */
async function readRuns(tx: Tx, block: Snapshot, list: RunList, page: number) {
  const { runs, total, isTotalExact } = await pageOfRuns(tx, block, list, sliceOf({ page, limit: LIMIT }), LIMIT)
  const records = await posterRecords(tx, [...new Set(runs.map(({ posterAddress }) => posterAddress))])
  const pagination = { ...formatPagination({ page, limit: LIMIT }, total), isTotalExact }
  const names = {
    records,
    agents: await agentNames(
      tx,
      runs.map(({ claimedBy }) => claimedBy),
    ),
  }
  return { runs: runs.map((run) => formatRunSummary(run, block.now)), names, ...pagination }
}

/** A page of the run's events, the newest first. The ids of the pages count from the newest, so that the last is short. */
async function readTimeline(tx: Tx, id: bigint, page: number) {
  const oldest = await eventPage(tx, id, { offset: 0, limit: EVENTS_LIMIT })
  const total = oldest?.total ?? 0
  const end = total - (page - 1) * EVENTS_LIMIT
  const offset = Math.max(end - EVENTS_LIMIT, 0)
  const limit = Math.max(end - offset, 0)
  // Nearly all runs have one page, which is read already.
  return total <= EVENTS_LIMIT && page === 1 ? oldest : eventPage(tx, id, { offset, limit })
}

/** The board: pages of the market for people, from the same queries as the API. Each page is read in one transaction. */
export function boardRoutes(deps: Deps, readInTurn: ReadInTurn, readStats: ReadStats) {
  const { index } = deps
  const app = new Hono()
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

  /** Reads a page with a list of runs, in turn if the list is expensive. */
  const readList = <T>(c: Context, list: RunList, page: number, read: Read<T>) =>
    readInTurn(isExpensive(list, sliceOf({ page, limit: LIMIT })), requesterOf(c, deps.limits)).read(undefined, read)

  /** The market's counts, and those of the states: the market's own where no other filter is chosen. */
  async function readCounts(tx: Tx, block: Snapshot, list: RunList, isNarrowed: boolean) {
    const stats = await readStats(tx, block)
    const counts = isNarrowed ? await countByState(tx, block, list) : { byState: stats.runs, isExact: true }
    return { stats, counts }
  }

  app.get('/', policy, async (c) => {
    const { state = 'OPEN', ...rest } = splitOrder(givenOf(c))
    const place = placeOf(rest.q)
    if (place) return c.redirect(place)
    const asked = { ...rest, ...(state !== ANY_STATE && { state }) }
    const query = runQuery.safeParse(asked)
    if (!query.success) return refuseSearch(c, refusalOf(query.error, asked))
    const { page = 1, ...list } = query.data
    const given = { ...rest, state }
    const { snapshot, data } = await readList(c, list, page, async (tx, block) => ({
      ...(await readRuns(tx, block, list, page)),
      ...(await readCounts(tx, block, list, isNarrowed(given))),
    }))
    const content = runListPage({ ...data, given }, snapshot.now)
    const description = runListDescription(data)
    return answer(c, snapshot, { title: runListTitle(given), description, section: '/', content })
  })

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
    const { page, applicants } = parse(runPageQuery, givenOf(c))
    const requester = requesterOf(c, deps.limits)
    const isDear = isFar(page * EVENTS_LIMIT)
    const { snapshot, data } = await readInTurn(isDear, requester).read(undefined, async (tx, block) => {
      const run = await runDetail(tx, block, id)
      const timeline = await readTimeline(tx, id, page)
      const agents = await agentNames(tx, timeline?.events.map(({ agentId }) => agentId) ?? [])
      return { run, timeline, agents, changes: run === null ? [] : await lastChanges(tx, id) }
    })
    if (data.run === null || data.timeline === null) throw runNotFound(id)
    const { events, total } = data.timeline
    const { totalPages } = formatPagination({ page, limit: EVENTS_LIMIT }, total)
    const shown = formatRunDetail(data.run, snapshot.now)
    const newestFirst = events.map(formatEvent).toReversed()
    const brief = await showBrief(shown, requester)
    const sent = await Promise.all(
      lastExchange(data.changes.map(formatEvent)).map(async (event) => ({
        event,
        content: await showContent(event.hash, requester),
      })),
    )
    const { applications } = data.run
    const { offset, limit } = sliceOf({ page: applicants, limit: APPLICANTS_LIMIT })
    const content = runPage(
      {
        run: shown,
        brief,
        sent,
        applicants: {
          applications: applications.slice(offset, offset + limit).map(formatApplication),
          ...formatPagination({ page: applicants, limit }, applications.length),
        },
        events: newestFirst,
        agents: data.agents,
        page,
        totalPages,
        explorerUrl: deps.explorerUrl,
        funding: contracts.SignedFunding,
      },
      snapshot.now,
    )
    const title = shown.title === null ? `Run ${id}` : `${plainLine(shown.title)} · Run ${id}`
    const description = runDescription(shown)
    return answer(c, snapshot, { title, description, section: '/', content, scripts: ['act', 'checks', 'copy'] })
  })

  app.get('/agents', policy, async (c) => {
    const { page, all } = parse(agentsQuery, givenOf(c))
    const slice = sliceOf({ page, limit: LIMIT })
    const list = all ? {} : { staked: true }
    const reader = readInTurn(isFar(slice.offset), requesterOf(c, deps.limits))
    const { snapshot, data } = await reader.read(undefined, (tx, block) => pageOfAgents(tx, block, list, slice))
    const pagination = formatPagination({ page, limit: LIMIT }, data.total)
    const content = agentListPage(
      { agents: data.agents.map(formatAgent), isWhole: all === 'true', ...pagination },
      snapshot.now,
    )
    return answer(c, snapshot, { title: 'Agents', section: '/agents', content })
  })

  app.get('/agents/:id', policy, async (c) => {
    const { id } = parse(idParams, c.req.param())
    const { page } = parse(pageQuery, givenOf(c))
    const list = { claimedBy: id, sort: 'createdAt', order: 'desc' } as const
    const { snapshot, data } = await readList(c, list, page, async (tx, block) => ({
      agent: await agentById(tx, block.now, id),
      runs: await readRuns(tx, block, list, page),
    }))
    if (data.agent === null) throw agentNotFound(id)
    const content = agentPage({ agent: formatAgentStake(data.agent), ...data.runs }, snapshot.now)
    return answer(c, snapshot, { title: `Agent ${id}`, section: '/agents', content, scripts: ['act', 'copy'] })
  })

  app.get('/accounts/:address', policy, async (c) => {
    const { address } = parse(accountParams, c.req.param())
    parse(noQuery, givenOf(c))
    const list = { poster: address, sort: 'createdAt', order: 'desc' } as const
    const { snapshot, data } = await readList(c, list, 1, async (tx, block) => ({
      account: await accountByAddress(tx, block, address),
      poster: await posterByAddress(tx, address),
      posted: await readRuns(tx, block, list, 1),
    }))
    const { agents, toClaim, toReview, toDeliver } = data.account
    const { runs: posted, names } = data.posted
    const ownNames = agents.map(({ id, name }) => [String(id), name] as const)
    const summaries = (rows: typeof toReview) => rows.map((row) => formatRunSummary(row, snapshot.now))
    const content = accountPage(
      {
        poster: formatPoster(address, data.poster),
        agents: agents.map(formatAgent),
        toClaim: summaries(toClaim),
        toReview: summaries(toReview),
        toDeliver: summaries(toDeliver),
        posted,
        names: { ...names, agents: new Map([...names.agents, ...ownNames]) },
      },
      snapshot.now,
    )
    return answer(c, snapshot, { title: `Account ${address.slice(0, 10)}…`, content, scripts: ['copy'] })
  })

  app.get('/market', policy, async (c) => {
    const { interval } = parse(marketQuery, givenOf(c))
    const { snapshot, data } = await index.read(undefined, async (tx, block) => ({
      stats: await readStats(tx, block),
      history: await statsHistory(tx, block, { interval, periods: PERIODS[interval] }),
    }))
    // Without them the page still shows the rest.
    const held = await deps.readBalances?.(snapshot).catch(unlessProblem)
    const reserves = held && reservesOf(data.stats, held)
    const content = marketPage({ ...data, interval, reserves })
    return answer(c, snapshot, { title: 'Market', section: '/market', content, scripts: ['act', 'plots'] })
  })

  app.get('/post', policy, async (c) => {
    parse(noQuery, givenOf(c))
    const { snapshot } = await index.read(undefined, async () => null)
    const scripts = ['act', 'postForm']
    return answer(c, snapshot, { title: 'Post a run', section: '/post', content: postPage, scripts })
  })

  const { take: takePreview } = createRateLimit(PREVIEWS_PER_MINUTE)

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
    const { snapshot } = await index.read(undefined, async () => null)
    const page = { title: 'Connect an agent', section: '/connect', content: connectPage, scripts: ['act', 'copy'] }
    return answer(c, snapshot, page)
  })

  for (const { url, content, type } of assets) {
    // A worker is under the policy of its own script.
    app.get(url, policy, (c) =>
      c.body(content, 200, { 'Content-Type': type, 'Cache-Control': `public, max-age=${YEAR_SECONDS}, immutable` }),
    )
  }

  return app
}
