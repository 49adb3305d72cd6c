import { setTimeout as sleep } from 'node:timers/promises'
import { type ActionName, actionNames, byApi, byHand, type Life, type Market, type Prepare } from './actions.ts'
import { type Measurement, median, worstOf } from './figure.ts'
import { spread } from './spread.ts'

type Options = {
  market: Market
  apiUrl: string
  blockMs: number
  ratioAtMost: number
  /** Of accounts that have ether, and of accounts that have none. Each client lives one of each in turn. */
  lives: { raw: Life[]; ours: Life[] }
  clients: number
  /** Lives of each kind that are not measured: a process that has just started compiles its code. */
  warmUp: number
}

/**
 * How long each action of a run's life takes: by a signed request to the API until its answer, beside a raw transaction of
 * the account until its receipt. Their starts are spread over the time between blocks.
 */
export async function actionLatencies(options: Options): Promise<Measurement[]> {
  const { market, apiUrl, blockMs, ratioAtMost, lives, clients, warmUp } = options
  const named = `${blockMs / 1_000} s blocks`
  console.log(`Actions through the API and as raw transactions, ${named}`)
  const ours = createLiving(byApi(apiUrl), market, blockMs)
  const raw = createLiving(byHand(market), market, blockMs)
  const turns = lives.raw.map((life, place) => ({ raw: life, ours: lives.ours[place] as Life }))

  async function liveAll(some: typeof turns) {
    const queue = some.values()
    const client = async () => {
      for (const turn of queue) {
        await ours.live(turn.ours)
        await raw.live(turn.raw)
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
  }

  await liveAll(turns.slice(0, warmUp))
  ours.times.clear()
  raw.times.clear()
  await liveAll(turns.slice(warmUp))
  const measured = actionNames.map((name): Measurement => {
    const of = ({ times }: typeof ours) => median(times.get(name) ?? [])
    return { figure: `${name} at ${named}`, unit: 'ms', value: of(ours), baseline: of(raw) }
  })
  return [...measured, worstOf(`the slowest of these actions at ${named}`, measured, { ratioAtMost })]
}

/** Lives lives, and keeps how long each action took. */
function createLiving(prepare: Prepare, { client }: Market, blockMs: number) {
  const times = new Map<ActionName, number[]>()
  const started = new Map<ActionName, number>()

  /** Waits until an action's turn between two blocks: by chance, some twenty starts would say little about the median. */
  async function untilTurn(name: ActionName) {
    const count = started.get(name) ?? 0
    started.set(name, count + 1)
    const sinceTick = performance.now() % blockMs
    await sleep((blockMs * (spread(count) + 1) - sinceTick) % blockMs)
  }

  return {
    times,
    async live(life: Life) {
      const facts = { ...life, agentId: 0n, runId: 0n, deadline: (await client.getBlock()).timestamp + 86_400n }
      for (const name of actionNames) {
        const send = await prepare(name, facts)
        await untilTurn(name)
        const start = performance.now()
        Object.assign(facts, await send())
        times.set(name, [...(times.get(name) ?? []), performance.now() - start])
      }
    },
  }
}
