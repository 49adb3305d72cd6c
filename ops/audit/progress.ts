import { SingleBar } from 'cli-progress'

/** Milliseconds between two lines of progress without a terminal. */
const LOG_INTERVAL_MS = 10_000

export type Progress = ReturnType<typeof createProgress>

/**
 * Shows the progress of a long command: a bar on a terminal, else a line when a part begins, one in each interval, and
 * one when it ends.
 * @param stream Not the stream of the results.
 */
export function createProgress(stream: NodeJS.WriteStream) {
  let part: string | undefined
  const bar = new SingleBar({
    stream,
    format: `{part}  ${stream.isTTY ? '{bar} ' : ''}{percentage} %  {detail}`,
    barsize: 20,
    noTTYOutput: true,
    notTTYSchedule: LOG_INTERVAL_MS,
    // Without a terminal, the library would add an empty line after each part.
    clearOnComplete: !stream.isTTY,
    // With the library's handler, SIGTERM would end the bar, but not the command.
    gracefulExit: false,
    // A command that is killed leaves the terminal as it was.
    linewrap: true,
  })

  function end() {
    bar.stop()
    part = undefined
  }

  return {
    /** @param share The finished share of the part, from 0 to 1. */
    show(name: string, share: number, detail: string) {
      if (name !== part) {
        end()
        bar.start(1, share, { part: name, detail })
        part = name
      } else {
        bar.update(share, { detail })
      }
    },
    /** Ends the part that is shown, and prints a line. */
    line(text: string) {
      end()
      stream.write(`${text}\n`)
    },
  }
}
