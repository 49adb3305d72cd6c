import { execa } from 'execa'
import type { Hex } from 'viem'
import type { TestMarket } from '../../support/market.ts'

/** Answers the first question that the program asks on its terminal, and prints what the terminal shows. */
const onTerminal = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown, isAsked = b"", False
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    shown += data
    if not isAsked and b"[y/N]" in shown:
        isAsked = True
        os.write(terminal, sys.argv[1].encode())
sys.stdout.write(shown.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

/** Runs the command line on a terminal. @param typed what a person types when asked, such as `y\r`. */
export function terminalOf({ api, rpcUrl }: Pick<TestMarket, 'api' | 'rpcUrl'>) {
  return async (key: Hex | string, typed: string, ...args: string[]) => {
    const env = { RUNLINE_API: api.url, RUNLINE_RPC: rpcUrl, RUNLINE_KEY: key, TERM: 'dumb' }
    const program = [process.execPath, 'packages/cli/src/main.ts', ...args]
    const { exitCode, stdout } = await execa('python3', ['-c', onTerminal, typed, ...program], { env, reject: false })
    return { exitCode, shown: stdout.replaceAll('\r', '') }
  }
}

/** Runs the command line against a market, with the key in the environment. */
export function runnerOf({ api, rpcUrl }: Pick<TestMarket, 'api' | 'rpcUrl'>) {
  return async (key: Hex | string, ...args: string[]) => {
    const env = { RUNLINE_API: api.url, RUNLINE_RPC: rpcUrl, RUNLINE_KEY: key }
    const { exitCode, stdout, stderr } = await execa(process.execPath, ['packages/cli/src/main.ts', ...args], {
      env,
      reject: false,
      stdin: 'ignore',
    })
    return { exitCode, stdout, stderr }
  }
}
