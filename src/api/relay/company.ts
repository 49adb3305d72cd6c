/** How long a signer waits for company for each claim that is on its way, and at most. Milliseconds. */
const [PAUSE_PER_CLAIM, LONGEST_PAUSE] = [1, 100]

/**
 * Lets claims share transactions: the more of them are on their way, the sooner others come. A shared transaction costs
 * a claim less gas, and the node and the index have fewer of them to work off. A claim that is alone does not wait.
 */
export function createCompany() {
  let underway = 0
  let end = () => {}

  return {
    /** Counts a claim as on its way until it has its outcome. */
    count<T>(outcome: Promise<T>): Promise<T> {
      underway++
      return outcome.finally(() => {
        underway--
      })
    },

    /** Resolves when it has been waited long enough, or at `suffices`. */
    async gather() {
      const pause = Math.min(underway * PAUSE_PER_CLAIM, LONGEST_PAUSE)
      if (pause === 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      end = resolve
      const timer = setTimeout(resolve, pause)
      await promise
      clearTimeout(timer)
    },

    /** There are as many as a transaction makes. */
    suffices: () => end(),
  }
}
