/** A page of runs. */
export type Page = { runs: { bountyId: string | number; state: string }[]; total: number }

export type Question = { path: string; body?: string }

/** How an API is asked for the same runs, and what its answers mean. */
export type Questions = {
  /** @param query As `/api/runs` has it. @param n Another number each time. */
  list(query: string, n: number): Question
  run(id: number): Question
  page(answer: unknown): Page
  /** The state of the run; undefined if there is none. */
  state(answer: unknown): string | undefined
}

type RestPage = { runs: Page['runs']; pagination: { total: number } }

/** The routes of our API, which most peers have too. */
export const rest: Questions = {
  list: (query) => ({ path: `/runs?${query}` }),
  run: (id) => ({ path: `/runs/${id}` }),
  page: (answer) => ({ runs: (answer as RestPage).runs, total: (answer as RestPage).pagination.total }),
  state: (answer) => (answer as { state?: string }).state,
}

/** Our own routes. Each `minBlock` is another URL, so that the answer cache never answers. */
export const ours: Questions = {
  ...rest,
  list: (query, n) => ({ path: `/api/runs?${query}&minBlock=${n}` }),
  run: (id) => ({ path: `/api/runs/${id}` }),
}

const fields = 'bountyId posterAddress ipfsHash reward deadline state claimedBy createdAt'
const post = (query: string): Question => ({ path: '/graphql', body: JSON.stringify({ query }) })

/** A query of `/api/runs`, with the defaults that it has there. */
function parse(query: string) {
  const asked = new URLSearchParams(query)
  const limit = Number(asked.get('limit') ?? 20)
  const sort = asked.get('sort') ?? 'createdAt'
  return {
    state: asked.get('state'),
    reward: asked.has('minReward') ? Math.round(Number(asked.get('minReward')) * 1e6) : undefined,
    isClaimable: asked.get('claimable') === 'true',
    now: Math.floor(Date.now() / 1_000),
    poster: asked.get('poster'),
    claimedBy: asked.get('claimedBy'),
    sort: sort === 'createdAt' ? 'bountyId' : sort,
    order: asked.get('order') ?? 'desc',
    limit,
    offset: (Number(asked.get('page') ?? 1) - 1) * limit,
  }
}

/** Ponder's GraphQL. */
export const ponderGraphql: Questions = {
  list(query) {
    const { state, reward, isClaimable, now, poster, claimedBy, sort, order, limit, offset } = parse(query)
    const where = [
      state && `state: "${state}"`,
      reward !== undefined && `reward_gte: "${reward}"`,
      isClaimable && `state: "OPEN", deadline_gte: "${now}"`,
      poster && `posterAddress: "${poster.toLowerCase()}"`,
      claimedBy && `claimedBy: "${claimedBy}"`,
    ].filter(Boolean)
    const page = `orderBy: "${sort}", orderDirection: "${order}", limit: ${limit}, offset: ${offset}`
    return post(`{ runs(where: { ${where} }, ${page}) { items { ${fields} } totalCount } }`)
  },
  run: (id) => post(`{ run(bountyId: "${id}") { ${fields} } }`),
  page(answer) {
    const { items, totalCount } = (answer as { data: { runs: { items: Page['runs']; totalCount: number } } }).data.runs
    return { runs: items, total: totalCount }
  },
  state: (answer) => (answer as { data: { run: { state: string } | null } }).data.run?.state,
}

/** Subsquid's GraphQL server. */
export const subsquidGraphql: Questions = {
  list(query) {
    const { state, reward, isClaimable, now, poster, claimedBy, sort, order, limit, offset } = parse(query)
    const conditions = [
      state && `state_eq: "${state}"`,
      reward !== undefined && `reward_gte: "${reward}"`,
      isClaimable && `state_eq: "OPEN", deadline_gte: "${now}"`,
      poster && `posterAddress_eq: "${poster}"`,
      claimedBy && `claimedBy_eq: "${claimedBy}"`,
    ].filter(Boolean)
    const where = `where: { ${conditions} }, orderBy: ${sort}_${order.toUpperCase()}`
    return post(`{ runs(${where}, limit: ${limit}, offset: ${offset}) { ${fields} }
      runsConnection(${where}) { totalCount } }`)
  },
  run: (id) => post(`{ runById(id: "${id}") { ${fields} } }`),
  page(answer) {
    const { runs, runsConnection } = (
      answer as { data: { runs: Page['runs']; runsConnection: { totalCount: number } } }
    ).data
    return { runs, total: runsConnection.totalCount }
  },
  state: (answer) => (answer as { data: { runById: { state: string } | null } }).data.runById?.state,
}
