const BAR_WIDTH = 30

/** Without a terminal a line is printed after each tenth of a phase. */
const LINE_SHARE = 0.1

/** Milliseconds between two redraws of the bar. */
const FRAME_MS = 100

/**
 * Shows the progress of a long command: a bar on a terminal, else a line for each tenth.
 * @param output Not the stream of the results.
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
    /** Shows what the command waits for: always the latest text on a terminal, else only the first. */
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
        if (!isNew && share < 1 && share - shown.share < LINE_SHARE) return
        line(text)
      } else {
        if (share < 1 && performance.now() - shown.at < FRAME_MS) return
        const filled = Math.round(share * BAR_WIDTH)
        output.write(`\r\x1b[K[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${text}`)
        hasBar = true
        if (share === 1) line(text)
      }
      shown = { phase, share, at: performance.now() }
    },
  }
}
