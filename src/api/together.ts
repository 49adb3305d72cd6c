import { setTimeout as sleep } from 'node:timers/promises'
import DataLoader from 'dataloader'

/** How long a question that is on its way holds up the next one. Milliseconds. */
const PATIENCE = 100

/**
 * Asks for many in one question: while `atOnce` are on their way, whoever comes gathers for the next. Alone nobody waits
 * for company, and under load what a question costs is shared. Nobody is answered by a question that was asked before he
 * came.
 * @param ask answers in the order of its keys, with an error for a key that it fails for; or fails for all of them.
 * @param options.most how many are asked for in one question.
 * @param options.atOnce how many questions are on their way at once: one is cheapest, a second has the one who answers
 * work while the one who asks does.
 * @param options.gather makes the first one wait, for others to come.
 */
export function together<Key, Answer>(
  ask: (keys: readonly Key[]) => Promise<readonly (Answer | Error)[]>,
  { most = 500, atOnce = 1, gather }: { most?: number; atOnce?: number; gather?: () => Promise<void> } = {},
) {
  const asked = new Set<Promise<void>>()

  function begin(keys: readonly Key[]) {
    const answers = ask(keys)
    const [end, patience] = [() => undefined, sleep(PATIENCE, undefined, { ref: false })]
    const holdingUp = Promise.race([answers.then(end, end), patience])
    asked.add(holdingUp)
    holdingUp.then(() => asked.delete(holdingUp))
    return answers
  }

  const loader = new DataLoader(begin, {
    cache: false,
    maxBatchSize: most,
    // Not before all that this turn of the event loop brings is there.
    batchScheduleFn(dispatch) {
      const turn = asked.size >= atOnce && Promise.race(asked)
      Promise.all([turn, gather?.()]).then(() => setImmediate(dispatch))
    },
  })
  return (key: Key): Promise<Answer> => loader.load(key)
}

/** As `together`, for what has no answer but that it is done. */
export const doTogether = <Key>(act: (keys: readonly Key[]) => Promise<unknown>) =>
  together(async (keys: readonly Key[]) => {
    await act(keys)
    return keys
  })
