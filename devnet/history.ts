import type { History } from './demoMarket.ts'

export type HistoryEvent = { daysAgo: number; word: string; argument: string | undefined }

/** Plays one event of a story at a time in seconds. */
export type Play = (at: number, event: HistoryEvent) => Promise<void>

/** @throws naming the part of the history that is not `<days ago> <word> [<argument>]`, or is later than its successor. */
export function parseHistory(history: History): HistoryEvent[] {
  const events = history.split(', ').map((text) => {
    const [, days, word, argument] = /^(\d+(?:\.\d+)?) (\w+)(?: (\S+))?$/.exec(text) ?? []
    if (days === undefined || word === undefined) throw new Error(`'${text}' in '${history}' is no event`)
    return { daysAgo: Number(days), word, argument }
  })
  events.reduce((earlier, later) => {
    if (later.daysAgo > earlier.daysAgo)
      throw new Error(`'${later.daysAgo} ${later.word}' is out of order in '${history}'`)
    return later
  })
  return events
}
