const WIDTH = 30

/** How much of a phase must be done for another line, where there is no bar. */
const TENTH = 0.1

/** Milliseconds between two bars. */
const FRAME = 100

/**
 * Shows how far a long command is: a bar that is drawn over and over on a terminal, else a line for each tenth.
 * @param output Where the results do not go.
 */
export function createProgress(output: NodeJS.WriteStream) {
  let shown = { phase: '', share: 0, at: 0 }
  let hasBar = false

  function clear() {
    if (hasBar) output.write('\r\x1b[K')
    hasBar = false
  }

  function line(text: string) {
    clear()
    output.write(`${text}\n`)
  }

  return {
    line,
    /** Says what it waits for: on a terminal over and over, else once. */
    wait(text: string) {
      if (!output.isTTY && shown.phase === 'wait') return
      if (!output.isTTY) line(text)
      else output.write(`\r\x1b[K${text}`)
      hasBar = Boolean(output.isTTY)
      shown = { phase: 'wait', share: 0, at: performance.now() }
    },
    step(phase: string, compared: number, share: number) {
      const isNew = phase !== shown.phase
      const text = `${phase.padEnd(7)} ${String(Math.floor(share * 100)).padStart(3)} %  ${compared} compared`
      if (!output.isTTY) {
        if (!isNew && share < 1 && share - shown.share < TENTH) return
        line(text)
      } else {
        if (share < 1 && performance.now() - shown.at < FRAME) return
        const filled = Math.round(share * WIDTH)
        output.write(`\r\x1b[K[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${text}`)
        hasBar = true
        if (share === 1) line(text)
      }
      shown = { phase, share, at: performance.now() }
    },
  }
}
