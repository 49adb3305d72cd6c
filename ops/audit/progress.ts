/**
 * Shows the progress of a long command: on a terminal, a line that is rewritten in place, else a line for each tenth.
 * @param output Not the stream of the results.
 */
export function createProgress(output: NodeJS.WriteStream) {
  const start = output.isTTY ? '\r\x1b[K' : ''
  let shown: string | undefined

  /** @param key Without a terminal, a text is shown only if its key differs from the last one's. */
  function show(key: string, text: string) {
    if (output.isTTY) output.write(`${start}${text}`)
    else if (key !== shown) output.write(`${text}\n`)
    shown = key
  }

  return {
    /** Prints a line that stays. */
    line: (text: string) => output.write(`${start}${text}\n`),
    /** Shows what the command waits for. */
    wait: (text: string) => show('wait', text),
    step(phase: string, compared: number, share: number) {
      const percent = Math.floor(share * 100)
      show(`${phase} ${Math.floor(share * 10)}`, `${phase.padEnd(7)} ${percent} %  ${compared} compared`)
      if (share === 1 && output.isTTY) output.write('\n')
    },
  }
}
