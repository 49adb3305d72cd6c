import type { History } from './demoMarket.ts'

export type HistoryEvent = { daysAgo: number; name: string; argument: string | undefined }

/** Plays one event of a history at the time `at`, in seconds. */
export type Play = (at: number, event: HistoryEvent) => Promise<void>

/** @throws naming an event that is not `<days ago> <name> [<argument>]`, or that is out of order. */
export function parseHistory(history: History): HistoryEvent[] {
  const events = history.split(', ').map((text) => {
    const [, days, name, argument] = /^(\d+(?:\.\d+)?) (\w+)(?: (\S+))?$/.exec(text) ?? []
    if (days === undefined || name === undefined) throw new Error(`'${text}' in '${history}' is not an event`)
    return { daysAgo: Number(days), name, argument }
  })
  events.reduce((earlier, later) => {
    if (later.daysAgo > earlier.daysAgo)
      throw new Error(`'${later.daysAgo} ${later.name}' is out of order in '${history}'`)
    return later
  })
  return events
}
